import Glibc

/// How a command ends.
enum ExitStatus: Int32 {
  case done = 0
  case infeasible = 1
  case badInput = 2
  case internalError = 3
}

/// Why a command ends early.
struct CommandFailure: Error {
  var status: ExitStatus
  var message: String

  func exit() -> Never {
    Terminal.complain("stagewright: \(message)\n")
    Terminal.exit(status)
  }
}

/// Standard input, output and error.
enum Terminal {
  static func print(_ text: String) { print(Array(text.utf8)) }

  static func print(_ bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }

  /// A file anew, in place of one that is there.
  static func write(_ text: String, to path: String) throws(CommandFailure) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw CommandFailure(
        status: .badInput, message: "cannot write \(path): \(String(cString: strerror(errno)))")
    }
    write(Array(text.utf8), to: descriptor)
    guard close(descriptor) == 0 else {
      throw CommandFailure(
        status: .badInput, message: "cannot write \(path): \(String(cString: strerror(errno)))")
    }
  }

  static func complain(_ text: String) { write(Array(text.utf8), to: STDERR_FILENO) }

  /// Standard output is a terminal that shows colours, and nobody objects (no-color.org).
  static var hasColours: Bool {
    isatty(STDOUT_FILENO) == 1 && (getenv("NO_COLOR").map { $0.pointee == 0 } ?? true)
      && getenv("TERM").map { String(cString: $0) } != "dumb"
  }

  /// Standard error is a terminal that can write a line anew.
  static var showsProgress: Bool {
    isatty(STDERR_FILENO) == 1 && getenv("TERM").map { String(cString: $0) } != "dumb"
  }

  /// Writes a line over the last one.
  static func progress(_ line: String) { complain("\r\u{1B}[K" + line) }

  static func clearProgress() {
    if showsProgress { complain("\r\u{1B}[K") }
  }

  static func exit(_ status: ExitStatus) -> Never { Glibc.exit(status.rawValue) }

  /// Writes all of it, unless the reader has left.
  static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// All of a file; of standard input for nil and `-`.
  static func contents(of path: String?) throws(CommandFailure) -> [UInt8] {
    guard let path, path != "-" else { return try readAll(STDIN_FILENO, "standard input") }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(path) }
    defer { close(descriptor) }
    return try readAll(descriptor, path)
  }

  private static func readAll(
    _ descriptor: Int32, _ name: String
  ) throws(CommandFailure) -> [UInt8] {
    var contents: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = read(descriptor, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw unreadable(name) }
      if count == 0 { return contents }
      contents += piece[..<count]
    }
  }

  private static func unreadable(_ name: String) -> CommandFailure {
    CommandFailure(
      status: .badInput, message: "cannot read \(name): \(String(cString: strerror(errno)))")
  }
}
