import ArgumentParser
import FoundationEssentials

struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Answers over HTTP until it is told to stop.",
    discussion: """
      Every setting can also stand in the environment (--queue-limit as STAGEWRIGHT_QUEUE_LIMIT) or in \
      a file of lines such as "queue-limit: 128". Flags come before the environment, the environment \
      before the file. Times are written 250ms, 10s, 2m; sizes 64KiB, 8MiB.

      SIGTERM and SIGINT stop it: /readyz answers 503 at once, after drain-delay it listens no more, \
      requests in flight finish, and it exits with 0. A second signal ends it at once.
      """)

  @Option(help: "A file of settings; also STAGEWRIGHT_CONFIG.")
  var config: String?
  @Flag(help: "Print the settings that would hold and who set each, and exit.")
  var check = false
  @OptionGroup(title: "Settings") var options: ServeOptions

  func run() throws {
    let environment = ProcessInfo.processInfo.environment
    let path = config ?? environment[Setting.environmentPrefix + "CONFIG"]
    let settings = EffectiveSettings(
      flags: options.flags, environment: environment, file: try path.map(Self.file))
    if check {
      Terminal.print(settings.listing)
      for warning in settings.warnings { Terminal.print("# \(warning)\n") }
    }
    guard settings.faults.isEmpty else {
      throw CommandFailure(
        status: .badInput, message: settings.faults.joined(separator: "\nstagewright: "))
    }
    if !check { try Service(settings).run() }
  }

  private static func file(_ path: String) throws(CommandFailure) -> EffectiveSettings.File {
    let text = String(decoding: try Terminal.contents(of: path), as: UTF8.self)
    return .init(path: path, content: SettingsFile(parsing: text))
  }
}
