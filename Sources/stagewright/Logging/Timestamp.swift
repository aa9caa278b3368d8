import Glibc

/// A moment as RFC 3339 writes it, in UTC with milliseconds: `2026-01-02T03:04:05.678Z`.
struct Timestamp {
  let text: String

  static var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(seconds: time.tv_sec, nanoseconds: time.tv_nsec)
  }

  init(seconds: Int, nanoseconds: Int) {
    var seconds = seconds
    var parts = tm()
    gmtime_r(&seconds, &parts)
    text = String(unsafeUninitializedCapacity: 24) { bytes in
      var count = 0
      func write(_ number: Int, digits: Int, then end: Unicode.Scalar) {
        var rest = number
        for position in (count..<count + digits).reversed() {
          bytes[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
          rest /= 10
        }
        bytes[count + digits] = UInt8(ascii: end)
        count += digits + 1
      }
      write(Int(parts.tm_year) + 1900, digits: 4, then: "-")
      write(Int(parts.tm_mon) + 1, digits: 2, then: "-")
      write(Int(parts.tm_mday), digits: 2, then: "T")
      write(Int(parts.tm_hour), digits: 2, then: ":")
      write(Int(parts.tm_min), digits: 2, then: ":")
      write(Int(parts.tm_sec), digits: 2, then: ".")
      write(nanoseconds / 1_000_000, digits: 3, then: "Z")
      return count
    }
  }
}
