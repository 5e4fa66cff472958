/** Resolves when `holds` does; throws after 10 s. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000
  for (;;) {
    const held = await Promise.resolve()
      .then(holds)
      .catch(() => false)
    if (held) return
    if (performance.now() > deadline) throw new Error('it did not come to hold in 10 s')
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
}
