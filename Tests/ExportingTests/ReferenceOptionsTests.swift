import Foundation
import JSON
import Testing

@testable import Exporting

/// A dump of Megatron-LM's own parser, where there is one: `STAGEWRIGHT_MEGATRON_OPTIONS` names a JSON
/// file with an array of `{"flags", "type", "choices", "nargs"}` for each destination.
private let dump = ProcessInfo.processInfo.environment["STAGEWRIGHT_MEGATRON_OPTIONS"]

@Suite(.enabled(if: dump != nil)) struct ReferenceOptionsTests {
  /// Our table of options says of each what the parser says.
  @Test func optionsAreThoseOfTheParser() throws {
    let bytes = try Array(Data(contentsOf: URL(filePath: #require(dump))))
    let root = try JSONDocument(parsing: bytes).root
    var parser: [String: JSONValue] = [:]
    for (_, options) in root.members {
      for option in options.elements {
        for flag in option["flags"]!.elements { parser[flag.string!] = option }
      }
    }
    for (flag, option) in MegatronOption.known {
      let reference = try #require(parser[flag], "\(flag) is not an option")
      switch option {
      case .flag: #expect(reference["nargs"]?.integer == 0, "\(flag)")
      case .integer: #expect(reference["type"]?.string == "int", "\(flag)")
      case .number: #expect(reference["type"]?.string == "float", "\(flag)")
      case .text, .texts: #expect(reference["choices"]?.kind == .null, "\(flag)")
      case .choice(let choices):
        let names = reference["choices"]!.elements.map {
          $0.string!.replacing("AttnBackend.", with: "")
        }
        #expect(Set(names) == choices, "\(flag)")
      }
    }
  }
}
