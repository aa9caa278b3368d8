import ArgumentParser

/// The settings as flags, all of them optional: what is absent may be set elsewhere.
struct ServeOptions: ParsableArguments {
  @Option(help: Self.help("host")) var host: String?
  @Option(help: Self.help("port")) var port: String?
  @Option(help: Self.help("workers")) var workers: String?
  @Option(help: Self.help("queue-limit")) var queueLimit: String?
  @Option(help: Self.help("connection-limit")) var connectionLimit: String?
  @Option(help: Self.help("address-limit")) var addressLimit: String?
  @Option(help: Self.help("body-limit")) var bodyLimit: String?
  @Option(help: Self.help("head-limit")) var headLimit: String?
  @Option(help: Self.help("idle-timeout")) var idleTimeout: String?
  @Option(help: Self.help("head-timeout")) var headTimeout: String?
  @Option(help: Self.help("receive-timeout")) var receiveTimeout: String?
  @Option(help: Self.help("send-timeout")) var sendTimeout: String?
  @Option(help: Self.help("handling-timeout")) var handlingTimeout: String?
  @Option(help: Self.help("retry-after")) var retryAfter: String?
  @Option(help: Self.help("drain-delay")) var drainDelay: String?
  @Option(help: Self.help("drain-timeout")) var drainTimeout: String?
  @Option(help: Self.help("profiles")) var profiles: String?
  @Option(help: Self.help("profile")) var profile: String?
  @Option(help: Self.help("gpus")) var gpus: String?
  @Option(help: Self.help("log-level")) var logLevel: String?
  @Option(help: Self.help("log-format")) var logFormat: String?

  /// What was given, by the setting's name.
  var flags: [String: String] {
    let all: KeyValuePairs<String, String?> = [
      "host": host, "port": port, "workers": workers, "queue-limit": queueLimit,
      "connection-limit": connectionLimit, "address-limit": addressLimit,
      "body-limit": bodyLimit, "head-limit": headLimit, "idle-timeout": idleTimeout,
      "head-timeout": headTimeout, "receive-timeout": receiveTimeout,
      "send-timeout": sendTimeout, "handling-timeout": handlingTimeout,
      "retry-after": retryAfter, "drain-delay": drainDelay, "drain-timeout": drainTimeout,
      "profiles": profiles, "profile": profile, "gpus": gpus, "log-level": logLevel,
      "log-format": logFormat,
    ]
    return Dictionary(
      uniqueKeysWithValues: all.compactMap { name, text in text.map { (name, $0) } })
  }

  private static func help(_ name: String) -> ArgumentHelp {
    guard let setting = Setting.named(name) else { preconditionFailure("no setting \(name)") }
    return ArgumentHelp(
      "\(setting.help) (default: \(setting.write(ServiceSettings())))",
      valueName: String(name.split(separator: "-").last ?? "value"))
  }
}
