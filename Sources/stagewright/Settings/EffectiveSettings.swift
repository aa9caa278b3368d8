import JSON

/// The settings that hold, and who set each: a flag before the environment before the file before
/// the default.
struct EffectiveSettings: Sendable {
  private(set) var values = ServiceSettings()
  /// By the setting's name; absent for a default.
  private(set) var origins: [String: String] = [:]
  /// Everything wrong in any of the sources, even where another source holds.
  private(set) var faults: [String] = []
  /// What is odd and harmless.
  private(set) var warnings: [String] = []

  /// A settings file as it was read.
  struct File {
    var path: String
    var content: SettingsFile
  }

  init(flags: [String: String] = [:], environment: [String: String] = [:], file: File? = nil) {
    if let file { apply(file) }
    apply(environment: environment)
    for setting in Setting.all {
      guard let text = flags[setting.name] else { continue }
      apply(text, to: setting, origin: "--" + setting.name)
    }
  }

  private mutating func apply(_ file: File) {
    for fault in file.content.faults {
      faults.append("\(file.path) line \(fault.line): \(fault.detail)")
    }
    for entry in file.content.entries {
      let origin = "\(file.path) line \(entry.line)"
      guard let setting = Setting.named(entry.name) else {
        faults.append("\(origin): there is no setting \(entry.name)" + Self.hint(entry.name))
        continue
      }
      apply(entry.value, to: setting, origin: origin)
    }
  }

  private mutating func apply(environment: [String: String]) {
    for setting in Setting.all {
      guard let text = environment[setting.environmentName] else { continue }
      // Kubernetes sets NAME_PORT=tcp://… in every pod beside a Service of that name.
      if setting.name == "port", text.hasPrefix("tcp://") { continue }
      apply(text, to: setting, origin: setting.environmentName)
    }
    let known = Set(Setting.all.map(\.environmentName) + [Setting.environmentPrefix + "CONFIG"])
    for name in environment.keys.sorted()
    where name.hasPrefix(Setting.environmentPrefix) && !known.contains(name) {
      let rest = name.dropFirst(Setting.environmentPrefix.count)
      if rest.hasPrefix("SERVICE_") || rest.hasPrefix("PORT_") { continue }
      warnings.append("the environment's \(name) sets nothing")
    }
  }

  private mutating func apply(_ text: String, to setting: Setting, origin: String) {
    if setting.read(text, &values) {
      origins[setting.name] = origin
    } else {
      faults.append("\(origin): expected \(setting.expectation), found \"\(text)\"")
    }
  }

  private static func hint(_ name: String) -> String {
    let near = NearestNames.to(name, among: Setting.all.map(\.name))
    return near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
  }

  /// All settings with their origins, as a file that would set them so.
  var listing: String {
    let lines = Setting.all.map { "\($0.name): \(quotedIfNeeded($0.write(values)))" }
    let width = (lines.map(\.count).max() ?? 0) + 2
    return zip(Setting.all, lines).map { setting, line in
      line + String(repeating: " ", count: width - line.count)
        + "# \(origins[setting.name] ?? "default")\n"
    }.joined()
  }

  private func quotedIfNeeded(_ value: String) -> String {
    value.first?.isLetter == true || value.first?.isNumber == true && !value.contains(":")
      ? value : "\"\(value)\""
  }
}
