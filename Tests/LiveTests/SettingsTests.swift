import Foundation
import Testing
import Yams

@testable import stagewright

@Suite struct SettingsTests {
  private func file(_ text: String) -> EffectiveSettings.File {
    .init(path: "f.yaml", content: SettingsFile(parsing: text))
  }

  @Test func flagsBeforeEnvironmentBeforeFile() {
    let settings = EffectiveSettings(
      flags: ["port": "1"],
      environment: ["STAGEWRIGHT_PORT": "2", "STAGEWRIGHT_QUEUE_LIMIT": "3"],
      file: file("port: 4\nqueue-limit: 5\nworkers: 6 # six\n"))
    #expect(settings.faults.isEmpty)
    #expect(settings.values.port == 1 && settings.origins["port"] == "--port")
    #expect(settings.values.queueLimit == 3)
    #expect(settings.origins["queue-limit"] == "STAGEWRIGHT_QUEUE_LIMIT")
    #expect(settings.values.workers == 6 && settings.origins["workers"] == "f.yaml line 3")
    #expect(settings.values.host == "127.0.0.1" && settings.origins["host"] == nil)
  }

  /// Every setting can be set in all three ways, and its listing sets it again.
  @Test(arguments: Setting.all.map(\.name))
  func canBeSetEverywhere(name: String) throws {
    let setting = try #require(Setting.named(name))
    let standard = setting.write(ServiceSettings())
    let values = ["350ms", "7", "2KiB", "warning", "json", "0.0.0.0"]
    let value = try #require(
      values.first { text in
        var settings = ServiceSettings()
        guard name != "host" || text == "0.0.0.0" else { return false }
        return setting.read(text, &settings) && setting.write(settings) != standard
      })
    let flag = try CommandRun(["serve", "--check", "--\(name)", value])
    #expect(flag.status == 0)
    #expect(flag.output.contains("# --\(name)\n"))
    let environment = try CommandRun(
      ["serve", "--check"], environment: [setting.environmentName: value])
    #expect(environment.output.contains("# \(setting.environmentName)\n"))
    let again = EffectiveSettings(file: file(flag.output))
    #expect(again.faults.isEmpty)
    #expect(setting.write(again.values) == value)
    #expect(again.listing.split(separator: "\n").count == Setting.all.count)
  }

  @Test func saysAllThatIsWrong() {
    let settings = EffectiveSettings(
      flags: ["workers": "0"], environment: ["STAGEWRIGHT_BODY_LIMIT": "1e9"],
      file: file("poort: 1\n - x\nport: 1\nport: 2\nlog-level: loud"))
    #expect(settings.faults.count == 6)
    let expected = [
      "f.yaml line 2: expected \"name: value\"", "f.yaml line 4: port is set twice",
      "f.yaml line 1: there is no setting poort; did you mean port?",
      "f.yaml line 5: expected one of trace, debug,", "STAGEWRIGHT_BODY_LIMIT: expected a size",
      "--workers: expected a whole number from 1",
    ]
    for start in expected { #expect(settings.faults.contains { $0.hasPrefix(start) }, "\(start)") }
  }

  @Test func passesOverWhatKubernetesSets() {
    let settings = EffectiveSettings(environment: [
      "STAGEWRIGHT_PORT": "tcp://10.0.0.1:80", "STAGEWRIGHT_SERVICE_HOST": "10.0.0.1",
      "STAGEWRIGHT_PORT_80_TCP": "tcp://10.0.0.1:80", "STAGEWRIGHT_WORKRES": "3",
    ])
    #expect(settings.faults.isEmpty && settings.values.port == 8080)
    #expect(settings.warnings == ["the environment's STAGEWRIGHT_WORKRES sets nothing"])
  }

  @Test(arguments: [
    ("8MiB", 8 << 20), ("8388608", 8 << 20), ("2048B", 2048), ("1GiB", 1 << 30), ("64KiB", 65536),
  ])
  func readsSizes(text: String, bytes: Int) {
    #expect(SettingKind.size(1...1 << 30).read(text) == ByteSize(bytes))
  }

  @Test(arguments: ["", "x", "-1", "1.5MiB", "9999999999999GiB", "2GiB", "KiB", "8 MiB", "8mb"])
  func refusesWhatIsNoSize(text: String) {
    #expect(SettingKind.size(0...1 << 30).read(text) == nil)
  }

  @Test(arguments: [("0", 0), ("2", 2000), ("250ms", 250), ("2m", 120_000), ("1h", 3_600_000)])
  func readsTimes(text: String, milliseconds: Int) {
    #expect(SettingKind.time(0...86_400_000).read(text) == .milliseconds(milliseconds))
  }

  @Test(arguments: ["", "-1s", "1.5s", "99999999999999h", "25h", "s", "1 s", "1d"])
  func refusesWhatIsNoTime(text: String) {
    #expect(SettingKind.time(0...86_400_000).read(text) == nil)
  }

  /// What the file reader takes, a whole YAML parser reads alike; what it refuses is beyond it, or no
  /// mapping of scalars.
  @Test(arguments: [
    "a: b", "a: b # c", "a: b#c", "a: \"b # c\"", "a: '::'", "a: \"::\"", "a: 0.0.0.0",
    "# c\na: 1\n",
    "---\na: 1", "a:   spaced   ", "a-b: 10s\nc: 8MiB\n\nd: -3", "a: x y", "a: ''", "a: http://b",
    "a: 'b' # c", "é: ü",
  ])
  func readsFilesAsYAML(text: String) throws {
    let file = SettingsFile(parsing: text)
    #expect(file.faults.isEmpty)
    let mapping = try #require(try Yams.compose(yaml: text)?.mapping)
    #expect(
      file.entries.map { [$0.name, $0.value] }
        == mapping.map { [$0.key.string, $0.value.string] })
  }

  @Test(arguments: [
    "a", "a:b", " a: b", "- a", "a: [1, 2]", "a: {b: c}", "a: |", "a: &x 1", "a: *x", "a:",
    "a: \"b\\n\"", "a: 'b' c", "a: \"b", "a: b: c", "a: # c", "a: !!int 3", ": b", "a: - b",
    "a: 'b'#c",
  ])
  func refusesWhatIsNoSetting(text: String) {
    #expect(SettingsFile(parsing: text).faults.count == 1)
  }

  @Test func readsAFile() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "settings-\(UUID()).yaml")
    try "queue-limit: 9\nhost: \"::1\"\n".write(to: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: path) }
    let flag = try CommandRun(["serve", "--check", "--config", path.path])
    let environment = try CommandRun(
      ["serve", "--check"], environment: ["STAGEWRIGHT_CONFIG": path.path])
    for run in [flag, environment] {
      #expect(run.status == 0)
      #expect(run.output.contains("# \(path.path) line 1\n"))
      #expect(run.output.contains("host: \"::1\""))
    }
    let missing = try CommandRun(["serve", "--check", "--config", "/no/such"])
    #expect(missing.status == 2 && missing.errors.contains("cannot read /no/such"))
  }
}
