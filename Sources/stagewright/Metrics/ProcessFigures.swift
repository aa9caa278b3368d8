import Glibc

/// What the kernel says about this process (proc(5)).
struct ProcessFigures {
  var cpuSeconds: Double
  var residentBytes: Int
  var virtualBytes: Int
  var startSeconds: Double
  var threads: Int
  var openDescriptors: Int
  var maxDescriptors: Int

  /// nil where `/proc` is not mounted.
  static var current: ProcessFigures? {
    guard let stat = text("/proc/self/stat"), let boot = bootSeconds,
      let end = stat.lastIndex(of: ")")
    else { return nil }
    // The fields behind the name, of which the first is the third of proc(5).
    let fields = stat[stat.index(after: end)...].split(separator: " ").map { Double($0) ?? 0 }
    guard fields.count > 21 else { return nil }
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return ProcessFigures(
      cpuSeconds: (fields[11] + fields[12]) / ticks,
      residentBytes: Int(fields[21]) * sysconf(Int32(_SC_PAGESIZE)),
      virtualBytes: Int(fields[20]), startSeconds: boot + fields[19] / ticks,
      threads: Int(fields[17]), openDescriptors: openDescriptors,
      maxDescriptors: Int(clamping: limit.rlim_cur))
  }

  private static var bootSeconds: Double? {
    text("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
      .flatMap { Double($0.dropFirst(6)) }
  }

  private static var openDescriptors: Int {
    guard let folder = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // Not counted: the two dots and the folder's own.
    return count - 3
  }

  private static func text(_ path: String) -> String? {
    (try? Terminal.contents(of: path)).map { String(decoding: $0, as: UTF8.self) }
  }
}
