import Calibrating
import Costing
import Hardware

extension CostParameters {
  /// The numbers as the Swift source that ships them.
  package var source: String {
    let architectures = Accelerator.Architecture.allCases.filter { chips[$0] != nil }
    let sets = architectures.map { architecture in
      let fields = CostParameterSlot.ChipField.allCases.map { field in
        let value = CostParameterSlot.chip(architecture, field).value(in: self)
        return "\(field): "
          + (field == .expertWait ? ".micro(\(number(value * 1e6)))" : number(value))
      }
      return "      .\(architecture): ChipEfficiency(\n        \(fields.joined(separator: ", "))),"
    }
    let software = CostParameterSlot.SoftwareField.allCases.map { field in
      let value = CostParameterSlot.software(field).value(in: self)
      return "\(field): " + (isTime(field) ? ".micro(\(number(value * 1e6)))" : number(value))
    }
    let stacks = SoftwareStack.allCases.map { stack in
      let fields = CostParameterSlot.StackField.allCases.map { field in
        let value = CostParameterSlot.stack(stack, field).value(in: self)
        let isTime = field == .hostForward || field == .hostBackward || field == .stepOverhead
        return "\(field): " + (isTime ? ".micro(\(number(value * 1e6)))" : number(value))
      }
      return "    \(stack): StackEfficiency(\(fields.joined(separator: ", ")))"
    }
    return """
      import Quantities

      extension CostParameters {
        /// What ships: the output of `validate --fit` on published runs. `CostParameters` says what the
        /// numbers mean and which runs they came from.
        package static let published = CostParameters(
          chips: [
      \(sets.joined(separator: "\n"))
          ],
          software: SoftwareEfficiency(\(software.joined(separator: ", ")),
            runtimeMemory: .gibi(\(number(self.software.runtimeMemory.gibibytes)))),
      \(stacks.joined(separator: ",\n")))
      }

      """
  }

  private func isTime(_ field: CostParameterSlot.SoftwareField) -> Bool {
    switch field {
    case .kernelLaunch, .scaleUpLatency, .networkLatency, .stepOverhead, .microBatchOverhead: true
    default: false
    }
  }

  /// Four significant digits.
  private func number(_ value: Double) -> String {
    guard value != 0 else { return "0" }
    var scale = 1.0
    while abs(value) * scale < 1000 { scale *= 10 }
    while abs(value) * scale >= 10000 { scale /= 10 }
    let rounded = (value * scale).rounded() / scale
    return rounded == rounded.rounded() && abs(rounded) < 1e15
      ? "\(Int(rounded))" : "\(rounded)"
  }
}
