/// Costs of layers, stages and collectives under one parallel strategy.
package enum Costing {}
