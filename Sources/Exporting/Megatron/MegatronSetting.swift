/// One setting of Megatron Core, in the words of both its launchers.
struct MegatronSetting: Hashable, Sendable {
  /// Megatron-LM's option with what follows it; empty where the launcher has none.
  var arguments: [String]
  /// Megatron Bridge's override, a path into its configuration; nil where it has none.
  var path: String?
  var value: ConfigValue

  /// An option with a value.
  static func value(_ flag: String, _ path: String?, _ value: ConfigValue) -> MegatronSetting {
    let text =
      switch value {
      case .text(let text): text
      case .null, .boolean, .integer, .number, .list, .table: value.scalar
      }
    return MegatronSetting(arguments: [flag, text], path: path, value: value)
  }

  /// An option that is set by being there.
  static func flag(
    _ flag: String, _ path: String?, _ value: ConfigValue = true
  ) -> MegatronSetting {
    MegatronSetting(arguments: [flag], path: path, value: value)
  }

  /// What only Bridge's configuration has, or calls by another name.
  static func override(_ path: String, _ value: ConfigValue) -> MegatronSetting {
    MegatronSetting(arguments: [], path: path, value: value)
  }
}
