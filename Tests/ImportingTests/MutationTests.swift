import Importing
import JSON
import Testing
import Workload

/// Every preset's description with one member changed: it is read, or refused with a pointer, and in
/// neither case does anything trap.
@Suite struct MutationTests {
  private static let replacements = [
    "null", "0", "-1", "1", "3", "1.5", "16777216", "9223372036854775807", "1e300", "true",
    "\"x\"", "[]", "{}", "[1, 2]",
  ]

  @Test(arguments: ModelCatalogue.standard.presets.map(\.name))
  func aChangedMemberIsReadOrRefused(name: String) throws {
    let preset = try #require(ModelCatalogue.standard.preset(named: name))
    let members = try JSONDocument(parsing: preset.description).root.members.map {
      (name: $0.name, text: String(decoding: $0.value.canonicalBytes, as: UTF8.self))
    }
    for changed in members.indices {
      for replacement in Self.replacements {
        let text = members.indices.map {
          "\"\(members[$0].name)\": \($0 == changed ? replacement : members[$0].text)"
        }
        let model = "{\"\(preset.form.rawValue)\": {\(text.joined(separator: ", "))}}"
        switch try JSONDocument(parsing: model).root.read(as: .modelGraph) {
        case .success(let graph): #expect(graph.parameters > 0)
        case .failure(let faults): #expect(faults.list.allSatisfy { !$0.pointer.isEmpty })
        }
      }
    }
  }
}
