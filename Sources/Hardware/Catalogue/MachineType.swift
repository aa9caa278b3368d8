import Quantities

/// A cloud provider's machine with GPUs, by the name that the provider sells it under.
///
/// The networks that a GPU comes with differ up to tenfold from one provider to the next, which the GPU's own
/// entry cannot know: eight A100 share 400 Gbit/s in a `p4d.24xlarge`, and 1,600 in a `BM.GPU4.8`.
package struct MachineType: Hashable, Sendable {
  package enum Provider: String, Hashable, Sendable, CaseIterable {
    case aws, azure, google, oracle
  }

  package var name: String
  package var provider: Provider
  /// The id of its GPUs in the catalogue.
  package var accelerator: String
  package var gpus: Int
  /// 10^9 bits a second, per direction, of the ports together by which its GPUs reach other machines.
  package var networkBandwidth: Figure

  init(
    _ name: String, _ provider: Provider, _ gpus: Int, _ accelerator: String,
    network: Figure
  ) {
    self.name = name
    self.provider = provider
    self.accelerator = accelerator
    self.gpus = gpus
    networkBandwidth = network
  }

  /// The share of one GPU, per direction; the same when others of its machine have failed.
  package var networkBandwidthPerGPU: Bandwidth { .gigabits(networkBandwidth.value) / gpus }
}

extension MachineType {
  /// Those that are known.
  package static let known = aws + azure + google + oracle

  /// The machine of that name, in any case, with or without what providers' services put before it
  /// (`Standard_ND96isr_H100_v5`, `ml.p5.48xlarge`).
  package static func named(_ name: String) -> MachineType? {
    var name = AcceleratorCatalogue.normalised(name)[...]
    for prefix in ["standard-", "ml."] where name.hasPrefix(prefix) {
      name = name.dropFirst(prefix.count)
    }
    return indices[String(name)].map { known[$0] }
  }

  private static let indices = Dictionary(
    known.enumerated().map { (AcceleratorCatalogue.normalised($1.name), $0) },
    uniquingKeysWith: { first, _ in first })
}
