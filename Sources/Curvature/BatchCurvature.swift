import Torch

/// The graphs of one batch: made when a product first needs them, kept for the next one or used up
/// by it.
final class BatchCurvature {
  private let parameters: [Tensor]
  private let outputs: Tensor
  private let loss: Tensor
  private let lossOfOutputs: (Tensor) -> Tensor
  private let isKept: Bool
  /// F, part of a graph that can be differentiated again.
  private var gradients: [Tensor]?
  /// v ↦ Jv
  private var change: ForwardDerivative?
  /// What a Gauss–Newton product goes through.
  private var gaussNewton: GaussNewton?

  /// - Parameter isKept: whether more than one product is to come.
  init(
    _ batch: LossFunction.Batch, of parameters: [Tensor], isKept: Bool
  ) throws(CurvatureError) {
    self.parameters = parameters
    self.isKept = isKept
    lossOfOutputs = batch.loss
    (outputs, loss) = try batch.recorded()
  }

  func times(_ vector: [Tensor], _ product: CurvatureProduct) throws(CurvatureError) -> [Tensor] {
    let field = product == .gaussNewton ? [] : try recordedGradients()
    do {
      switch product {
      case .transposedJacobian: return try transposed(field, vector)
      case .jacobian: return try forward(field, vector)
      case .symmetricPart:
        // In this order: the second may free the graph that the first one goes through.
        let change = try forward(field, vector)
        return zip(change, try transposed(field, vector)).map { ($0 + $1) / 2 }
      case .gaussNewton:
        if gaussNewton == nil {
          gaussNewton = try GaussNewton(
            of: outputs, loss: lossOfOutputs, parameters: parameters, isKept: isKept)
        }
        return try gaussNewton!(vector)
      }
    } catch { throw .engine(error) }
  }

  /// F
  func recordedGradients() throws(CurvatureError) -> [Tensor] {
    if let gradients { return gradients }
    let found: [Tensor]
    do {
      found = try vectorJacobianProduct(
        outputs: [loss], inputs: parameters, vectors: nil, createGraph: true)
    } catch { throw .engine(error) }
    guard found.allSatisfy({ $0.isFinite().allTrue() }) else { throw .notFinite("gradient") }
    gradients = found
    return found
  }

  /// Jᵀv
  private func transposed(
    _ field: [Tensor], _ vector: [Tensor]
  ) throws(TorchError) -> [Tensor] {
    // A gradient that is constant in the parameters has no graph, and its rows of J are zero.
    let rows = field.indices.filter { field[$0].requiresGradient }
    guard !rows.isEmpty else { return parameters.map { Tensor.zeros(like: $0).detached() } }
    return try vectorJacobianProduct(
      outputs: rows.map { field[$0] }, inputs: parameters, vectors: rows.map { vector[$0] },
      retainGraph: isKept)
  }

  /// Jv
  private func forward(_ field: [Tensor], _ vector: [Tensor]) throws(TorchError) -> [Tensor] {
    if change == nil { change = try ForwardDerivative(of: field, along: parameters) }
    return try change!(vector, isLast: !isKept)
  }
}
