import Foundation
import Synchronization

/// The built program, run as operators run it.
final class ServiceProcess {
  let process = Process()
  private let errors = Pipe()
  private(set) var port: UInt16 = 0
  private let output = Output()

  private final class Output: Sendable {
    let text = Mutex<String>("")
  }

  /// What the process has written to standard error.
  var log: String { output.text.withLock { $0 } }

  /// Beside the test bundle that is running.
  static var binary: URL {
    let folders = [Bundle.main.bundleURL, URL(filePath: CommandLine.arguments[0])]
      .flatMap { [$0, $0.deletingLastPathComponent()] }
    let candidates = folders.map { $0.appending(path: "stagewright") }
    guard
      let found = candidates.first(where: {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: $0.path, isDirectory: &isFolder)
          && !isFolder.boolValue
      })
    else { preconditionFailure("no stagewright in \(folders.map(\.path))") }
    return found
  }

  /// Starts `serve` with `arguments` on a free port and waits until it listens.
  init(_ arguments: [String] = [], environment: [String: String] = [:]) throws {
    process.executableURL = Self.binary
    process.arguments = ["serve", "--port", "0"] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardError = errors
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    readLog()
    guard waits(for: { self.boundPort != nil }), let port = boundPort else {
      throw RawClient.Failure(description: "it does not listen: \(log)")
    }
    self.port = port
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    // Until it is waited for, a process and the source that tells of its end hold one another.
    process.waitUntilExit()
  }

  /// Reads until the process has ended, on a thread: Foundation's `readabilityHandler` leaks.
  private func readLog() {
    let (handle, output) = (errors.fileHandleForReading, output)
    Thread.detachNewThread {
      while case let piece = handle.availableData, !piece.isEmpty {
        output.text.withLock { $0 += String(decoding: piece, as: UTF8.self) }
      }
    }
  }

  private var boundPort: UInt16? {
    guard let found = log.firstMatch(of: /listening on http:\/\/[^ "]*:(\d+)/) else { return nil }
    return UInt16(found.1)
  }

  func client() throws -> RawClient { try RawClient(port: port) }

  func signal(_ number: Int32) { kill(process.processIdentifier, number) }

  /// The exit status; nil if it has not ended in time.
  func exitStatus(within seconds: Double = 20) -> Int32? {
    waits(for: { !self.process.isRunning }, seconds) ? process.terminationStatus : nil
  }
}

/// Whether `condition` comes to hold within `seconds`.
func waits(for condition: () -> Bool, _ seconds: Double = 20) -> Bool {
  let end = Date(timeIntervalSinceNow: seconds)
  while Date() < end {
    if condition() { return true }
    usleep(2000)
  }
  return condition()
}

/// Runs a command to its end.
struct CommandRun {
  var status: Int32
  var output: String
  var errors: String

  init(
    _ arguments: [String], input: String? = nil, environment: [String: String] = [:]
  ) throws {
    // A command that ends without reading its input must not end the tests.
    signal(SIGPIPE, SIG_IGN)
    let process = Process()
    process.executableURL = ServiceProcess.binary
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (standardInput, standardOutput, standardError) = (Pipe(), Pipe(), Pipe())
    process.standardInput = standardInput
    process.standardOutput = standardOutput
    process.standardError = standardError
    try process.run()
    if let input { try? standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }
    try standardInput.fileHandleForWriting.close()
    output = Self.text(standardOutput)
    errors = Self.text(standardError)
    process.waitUntilExit()
    status = process.terminationStatus
  }

  private static func text(_ pipe: Pipe) -> String {
    String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }
}
