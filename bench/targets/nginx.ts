import { mkdir, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ProxyData } from './proxy-data.ts'

/** The command of row a, or undefined where nginx is not installed. */
export async function nginxCommand(
  directory: string,
  data: ProxyData,
): Promise<{ readonly command: string; readonly args: readonly string[] } | undefined> {
  const command = PLACES.find((place) => existsSync(place))
  if (command === undefined) return undefined
  await mkdir(directory, { recursive: true })
  const file = join(directory, 'nginx.conf')
  await writeFile(file, configuration(directory, data))
  return { command, args: ['-c', file, '-p', directory] }
}

function configuration(directory: string, { port, upstream, certificate, key, ca }: ProxyData) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_buffer_size 64k;
${temporary.map((name) => `  ${name}_temp_path ${directory}/${name};`).join('\n')}
  upstream delivery {
    server ${new URL(upstream).host};
    keepalive 64;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${certificate};
    ssl_certificate_key ${key};
    ssl_client_certificate ${ca};
    ssl_verify_client on;
    ssl_protocols TLSv1.3;
    location / {
      proxy_pass http://delivery;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`
}

const PLACES = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/bin/nginx']
