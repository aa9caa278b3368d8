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
    let date = [parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday]
    let time = [parts.tm_hour, parts.tm_min, parts.tm_sec]
    text =
      date.map(Self.padded).joined(separator: "-") + "T"
      + time.map(Self.padded).joined(separator: ":") + "."
      + String(String(1000 + nanoseconds / 1_000_000).dropFirst()) + "Z"
  }

  private static func padded(_ number: Int32) -> String {
    number < 10 ? "0\(number)" : "\(number)"
  }
}
