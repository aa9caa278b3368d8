import Hardware
import Quantities

extension MeasuredProfiles {
  /// What the profiles say of a pool's network: the ring of each group of neighbouring and of distant
  /// ranks (`allreduce_bandwidth`), and sends between stages (`p2p_bandwidth`). `nil` where they have
  /// neither. What was not measured is left to the pool's levels.
  package func network(of pool: Pool) -> MeasuredNetwork? {
    guard allReduceBandwidth != nil || stageBandwidth != nil else { return nil }
    func rates(_ measured: [Int: Double]?) -> [Int: Bandwidth] {
      // From MB a millisecond.
      (measured ?? [:]).mapValues { ByteCount.mebi($0) / Seconds.milli(1) }
    }
    return MeasuredNetwork(
      gpus: pool.gpus, gpusPerNode: pool.gpusPerNode,
      consecutive: rates(allReduceBandwidth?.consecutive),
      strided: rates(allReduceBandwidth?.strided), sends: rates(stageBandwidth))
  }
}
