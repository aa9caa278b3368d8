import Foundation
import JSON
import Testing

/// The READMEs name what is there.
@Suite struct DocumentationTests {
  private static let files = ["README.md", "README.zh-CN.md"]

  @Test(arguments: files)
  func linksLeadToFiles(file: String) throws {
    let text = try Repository.text(file)
    let links = text.matches(of: #/\]\(([^)#:]+)\)/#).map { String($0.1) }
    #expect(links.count > 8)
    for link in links {
      #expect(FileManager.default.fileExists(atPath: Repository.url(link).path), "\(link)")
    }
  }

  @Test(arguments: files)
  func anchorsLeadToHeadings(file: String) throws {
    let text = try Repository.text(file)
    let headings = text.matches(of: #/(?m)^#+ (.+)$/#).map {
      $0.1.lowercased().filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" }
        .replacing(" ", with: "-")
    }
    for anchor in text.matches(of: #/\]\(#([^)]+)\)/#).map({ String($0.1) }) {
      #expect(headings.contains(anchor), "\(anchor)")
    }
  }

  @Test(arguments: files)
  func namesEveryRoute(file: String) throws {
    let text = try Repository.text(file)
    for operation in try Specification.shared.get().operations {
      #expect(text.contains("`\(operation.method) \(operation.path)"), "\(operation.path)")
    }
  }

  @Test(arguments: files)
  func namesEveryRoom(file: String) throws {
    let text = try Repository.text(file)
    let rooms = try FileManager.default.contentsOfDirectory(atPath: Repository.url("Sources").path)
    for room in rooms where !room.hasPrefix(".") {
      #expect(text.contains("`\(room)`"), "\(room)")
    }
  }

  /// Both say the same: the same headings, tables and blocks of code, line for line.
  @Test func bothHaveTheSameParts() throws {
    let parts = try Self.files.map { file in
      try Repository.text(file).split(separator: "\n").map { line -> String in
        if line.hasPrefix("#") { return String(line.prefix { $0 == "#" }) }
        if line.hasPrefix("|") { return "|" }
        if line.hasPrefix("- ") { return "-" }
        return line.hasPrefix("```") ? String(line) : ""
      }.filter { !$0.isEmpty }
    }
    #expect(parts[0] == parts[1])
  }
}
