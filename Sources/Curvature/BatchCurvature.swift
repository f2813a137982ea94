import Torch

/// The twice differentiable graph of one batch.
final class BatchCurvature {
  let parameters: [Tensor]
  let outputs: Tensor
  /// F, part of the graph.
  let gradients: [Tensor]
  private let lossOfOutputs: (Tensor) -> Tensor

  init(_ batch: LossFunction.Batch, of parameters: [Tensor]) throws(CurvatureError) {
    self.parameters = parameters
    lossOfOutputs = batch.loss
    let (outputs, loss) = withGradients {
      let outputs = batch.outputs()
      return (outputs, batch.loss(outputs))
    }
    guard loss.isFinite().allTrue() else { throw .notFinite("loss") }
    self.outputs = outputs
    do {
      gradients = try vectorJacobianProduct(
        outputs: [loss], inputs: parameters, vectors: nil, createGraph: true)
    } catch { throw .engine(error) }
    for gradient in gradients where !gradient.isFinite().allTrue() { throw .notFinite("gradient") }
  }

  func times(_ vector: [Tensor], _ product: CurvatureProduct) throws(CurvatureError) -> [Tensor] {
    do {
      switch product {
      case .transposedJacobian: return try transposed(vector)
      case .jacobian: return try forward(gradients, vector)
      case .symmetricPart:
        return zip(try transposed(vector), try forward(gradients, vector)).map { ($0 + $1) / 2 }
      case .gaussNewton: return try gaussNewton(vector)
      }
    } catch { throw .engine(error) }
  }

  /// Jᵀv
  private func transposed(_ vector: [Tensor]) throws(TorchError) -> [Tensor] {
    // A gradient that is constant in the parameters has no graph, and its rows of J are zero.
    let rows = gradients.indices.filter { gradients[$0].requiresGradient }
    guard !rows.isEmpty else { return parameters.map { Tensor.zeros(like: $0).detached() } }
    return try vectorJacobianProduct(
      outputs: rows.map { gradients[$0] }, inputs: parameters, vectors: rows.map { vector[$0] },
      retainGraph: true)
  }

  /// The Jacobian of `values` times v, by differentiating w ↦ Jᵀw, which is linear, once more.
  private func forward(_ values: [Tensor], _ vector: [Tensor]) throws(TorchError) -> [Tensor] {
    let rows = values.indices.filter { values[$0].requiresGradient }
    var results = values.map { Tensor.zeros(like: $0).detached() }
    guard !rows.isEmpty else { return results }
    let weights = rows.map { Tensor.zeros(like: values[$0]).requiringGradient() }
    let pulled = try vectorJacobianProduct(
      outputs: rows.map { values[$0] }, inputs: parameters, vectors: weights, createGraph: true)
    let reached = pulled.indices.filter { pulled[$0].requiresGradient }
    guard !reached.isEmpty else { return results }
    let pushed = try vectorJacobianProduct(
      outputs: reached.map { pulled[$0] }, inputs: weights, vectors: reached.map { vector[$0] })
    for (row, value) in zip(rows, pushed) { results[row] = value }
    return results
  }

  private func gaussNewton(_ vector: [Tensor]) throws(TorchError) -> [Tensor] {
    let change = try forward([outputs], vector)[0]
    let leaf = outputs.requiringGradient()
    let slope = withGradients { lossOfOutputs(leaf) }.gradients(of: [leaf], createGraph: true)
    guard slope[0].requiresGradient else {
      return parameters.map { Tensor.zeros(like: $0).detached() }
    }
    let pushed = try vectorJacobianProduct(outputs: slope, inputs: [leaf], vectors: [change])
    return try vectorJacobianProduct(
      outputs: [outputs], inputs: parameters, vectors: pushed, retainGraph: true)
  }
}
