import Torch

/// v ↦ (∂y/∂θ) v, for values y of a recorded graph of parameters θ.
///
/// Reverse mode gives w ↦ (∂y/∂θ)ᵀ w. That is linear in w, so its own reverse mode, with respect to
/// w and at any w, is its transpose, (∂y/∂θ) v (Townsend, "A new trick for calculating Jacobian
/// vector products", 2017). The graph of the first is made once; each product is one pass through
/// it.
struct ForwardDerivative {
  private let values: [Tensor]
  /// Which values depend on a parameter.
  private let rows: [Int]
  private let weights: [Tensor]
  /// (∂y/∂θ)ᵀ w for the parameters that are reached, and which these are.
  private let pulled: [(parameter: Int, value: Tensor)]

  init(of values: [Tensor], along parameters: [Tensor]) throws(TorchError) {
    self.values = values
    let rows = values.indices.filter { values[$0].requiresGradient }
    let weights = rows.map { Tensor.zeros(like: values[$0]).requiringGradient() }
    self.rows = rows
    self.weights = weights
    pulled =
      try rows.isEmpty
      ? []
      : vectorJacobianProduct(
        outputs: rows.map { values[$0] }, inputs: parameters, vectors: weights, createGraph: true
      ).enumerated().filter { $1.requiresGradient }.map { ($0, $1) }
  }

  /// - Parameters:
  ///   - vector: one tensor for each parameter, of its shape.
  ///   - isLast: frees the graph on the way.
  /// - Returns: one tensor for each value, of its shape.
  func callAsFunction(_ vector: [Tensor], isLast: Bool) throws(TorchError) -> [Tensor] {
    var results = values.map { Tensor.zeros(like: $0).detached() }
    guard !pulled.isEmpty else { return results }
    let pushed = try vectorJacobianProduct(
      outputs: pulled.map(\.value), inputs: weights, vectors: pulled.map { vector[$0.parameter] },
      retainGraph: !isLast)
    for (row, value) in zip(rows, pushed) { results[row] = value }
    return results
  }
}
