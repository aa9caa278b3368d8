/// What a search has worked out of the pools, for itself and for those beside it.
struct SearchTables {
  let seats: SeatTables
  let slices: PoolSlices

  init(_ problem: ClusterProblem) {
    seats = SeatTables(problem)
    slices = PoolSlices(problem)
  }

  /// For a search beside another.
  init(beside other: SearchTables) {
    seats = SeatTables(beside: other.seats)
    slices = PoolSlices(beside: other.slices)
  }

  /// Lets the others have what is new, while none of them is at work.
  func share() {
    seats.share()
    slices.share()
  }
}
