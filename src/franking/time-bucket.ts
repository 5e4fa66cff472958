/** The accepted times that are shown: whole buckets, never going back within a room. */
export interface TimeBuckets {
  /**
   * The start of the bucket of `widthMs` that `acceptedMs` falls in, or the bucket given out last in
   * this room where that is later. A width of 0 leaves the time exact and untouched.
   */
  show(room: string, acceptedMs: number, widthMs: number): number
}

/** The start of the bucket of `widthMs` that a time falls in. */
type BucketTime = (timeMs: number, widthMs: number) => number

/** Remembers the last bucket of the `roomsMax` rooms that were used last. */
export function createTimeBuckets(
  roomsMax = ROOMS_MAX,
  bucketTime: BucketTime = startOfBucket,
): TimeBuckets {
  const newest = new Map<string, number>()
  return {
    show: (room, acceptedMs, widthMs) => {
      if (widthMs === 0) return acceptedMs
      const bucket = bucketTime(acceptedMs, widthMs)
      const shown = Math.max(bucket, newest.get(room) ?? bucket)
      newest.delete(room)
      newest.set(room, shown)
      if (newest.size > roomsMax) newest.delete(newest.keys().next().value ?? '')
      return shown
    },
  }
}

function startOfBucket(timeMs: number, widthMs: number): number {
  return Math.floor(timeMs / widthMs) * widthMs
}

const ROOMS_MAX = 10_000
