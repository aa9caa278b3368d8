import Exporting
import JSON

extension JSONWriter {
  /// `exports`, if any are wanted.
  mutating func exports(_ exports: [Result<Export, ExportRefusal>]) {
    guard !exports.isEmpty else { return }
    array("exports", exports) { w, export in
      switch export {
      case .success(let export): w.export(export)
      case .failure(let refusal): w.refusal(refusal)
      }
    }
  }

  private mutating func export(_ export: Export) {
    object { w in
      w.target(export.target)
      w.array("files", export.files) { w, file in
        w.object { w in
          w.member("name", file.name)
          w.member("media_type", file.mediaType)
          w.member("text", file.text)
        }
      }
      if !export.arguments.isEmpty { w.member("arguments", export.arguments) }
      if !export.environment.isEmpty {
        w.object("environment") { w in
          for variable in export.environment {
            w.name(variable.name)
            w.value(variable.value)
          }
        }
      }
      w.notes("warnings", export.warnings)
    }
  }

  private mutating func refusal(_ refusal: ExportRefusal) {
    object { w in
      w.target(refusal.target)
      w.object("error") { w in
        w.member("detail", Sentence.notExported(refusal))
        w.notes("reasons", refusal.reasons)
      }
    }
  }

  private mutating func target(_ target: ExportTarget) {
    member("target", target.name)
    if let version = target.version { member("target_version", version) }
  }

  private mutating func notes(_ name: StaticString, _ notes: [ExportNote]) {
    array(name, notes) { w, note in
      w.object { w in
        w.member("field", note.field)
        w.member("detail", note.detail)
      }
    }
  }
}
