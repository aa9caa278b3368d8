/// One thing that can be set: by the flag `--name`, by the environment's `STAGEWRIGHT_NAME` and by
/// the member `name` of a file.
struct Setting: Sendable {
  /// Words joined by hyphens.
  let name: String
  let help: String
  let expectation: String
  /// Sets it from a text; false when the text is not of its kind.
  let read: @Sendable (String, inout ServiceSettings) -> Bool
  /// Its value as it would be written.
  let write: @Sendable (ServiceSettings) -> String

  var environmentName: String { Self.environmentPrefix + Self.screaming(name) }

  static let environmentPrefix = "STAGEWRIGHT_"

  private static func screaming(_ name: String) -> String {
    String(name.map { $0 == "-" ? "_" : Character($0.uppercased()) })
  }

  private init<Value>(
    _ name: String, _ path: WritableKeyPath<ServiceSettings, Value> & Sendable,
    _ kind: SettingKind<Value>, _ help: String
  ) {
    self.name = name
    self.help = help
    expectation = kind.expectation
    read = { text, settings in
      guard let value = kind.read(text) else { return false }
      settings[keyPath: path] = value
      return true
    }
    write = { kind.write($0[keyPath: path]) }
  }

  private static let day = 86_400_000

  static let all: [Setting] = [
    Setting("host", \.host, .text, "The address to listen on; :: for all."),
    Setting("port", \.port, .port, "The port to listen on; 0 takes a free one."),
    Setting(
      "workers", \.workers, .count(1...1024),
      "Requests worked on at once; the default is a CPU each."
    ),
    Setting(
      "queue-limit", \.queueLimit, .count(0...100_000),
      "Requests that may wait for a worker; the next gets 503."),
    Setting(
      "connection-limit", \.connectionLimit, .count(1...1_000_000),
      "Connections at once; above, only probes are answered."),
    Setting(
      "address-limit", \.addressLimit, .count(0...1_000_000),
      "Connections at once from one address; 0 for no limit."),
    Setting(
      "body-limit", \.bodyLimit, .size(1024...1 << 30), "The largest body taken; above, 413."),
    Setting(
      "head-limit", \.headLimit, .size(1024...1 << 20),
      "The largest request line and headers taken; above, 414 or 431."),
    Setting(
      "idle-timeout", \.idleTimeout, .time(100...day), "A connection may wait between requests."),
    Setting(
      "head-timeout", \.headTimeout, .time(100...day),
      "A request's headers may take to arrive, in all."),
    Setting(
      "receive-timeout", \.receiveTimeout, .time(100...day),
      "A request's body may take to arrive, in all; above, 408."),
    Setting(
      "send-timeout", \.sendTimeout, .time(100...day), "A client may take to accept an answer."),
    Setting(
      "handling-timeout", \.handlingTimeout, .time(0...day),
      "A request may wait and be worked on; above, 503. 0s for no limit."),
    Setting(
      "retry-after", \.retryAfter, .time(0...day), "What a refused client is told to wait."),
    Setting(
      "drain-delay", \.drainDelay, .time(0...day),
      "Told to stop, go on listening for this long while /readyz says 503."),
    Setting(
      "drain-timeout", \.drainTimeout, .time(0...day),
      "Then let requests in flight finish for this long."),
    Setting(
      "profiles", \.profiles, .path,
      "A directory of measured profiles that requests may name; empty for none."),
    Setting(
      "profile", \.profile, .path, "A file with a cost profile that holds for every request."),
    Setting(
      "gpus", \.gpus, .path,
      "A file of GPUs that extends the catalogue, in the form of /catalog/gpus."),
    Setting("log-level", \.logLevel, .word, "The least severe log lines written."),
    Setting("log-format", \.logFormat, .word, "The form of log lines."),
  ]

  static func named(_ name: String) -> Setting? { all.first { $0.name == name } }
}
