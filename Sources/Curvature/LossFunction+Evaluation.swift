public import Torch

extension LossFunction {
  /// The loss at the parameters' present values, and F, the gradient that backpropagation gives,
  /// `[n]`.
  ///
  /// One batch after the other, so that memory does not grow with their number.
  ///
  /// - Throws: ``CurvatureError`` where there are no parameters or batches, or a number is not
  ///   finite.
  public func evaluated() throws(CurvatureError) -> (loss: Double, gradient: Tensor) {
    try checkPresence()
    let layout = ParameterLayout(parameters)
    let tensors = parameters.tensors
    let sum = Tensor.zeros([layout.dimension], dtype: tensors[0].dtype, device: tensors[0].device)
    var mean = 0.0
    for batch in batches {
      let loss = try batch.recorded().loss
      let gradient: Tensor
      do {
        gradient = layout.joined(
          try vectorJacobianProduct(outputs: [loss], inputs: tensors, vectors: nil))
      } catch { throw .engine(error) }
      guard gradient.isFinite().allTrue() else { throw .notFinite("gradient") }
      mean += loss.detached().item() * share(of: batch)
      sum.addInPlace(gradient, scale: share(of: batch))
    }
    return (mean, sum)
  }

  /// wᵢ / Σ w
  func share(of batch: Batch) -> Double { batch.weight / batches.reduce(0) { $0 + $1.weight } }

  func checkPresence() throws(CurvatureError) {
    guard parameters.tensors.contains(where: { $0.count > 0 }) else {
      throw .nothing("parameters", remedy: "measure a network that has weights")
    }
    guard !batches.isEmpty else { throw .nothing("a batch", remedy: "give one image or more") }
    let types = Set(parameters.tensors.map(\.dtype))
    precondition(
      types.count == 1 && types.first!.isFloatingPoint,
      "LossFunction: expected parameters of one floating-point type, got \(types)")
    precondition(
      batches.allSatisfy { $0.weight > 0 && $0.weight.isFinite },
      "LossFunction: expected positive weights, got \(batches.map(\.weight))")
  }
}

extension LossFunction.Batch {
  /// Outputs and loss, as parts of a graph, whatever the caller's mode.
  func recorded() throws(CurvatureError) -> (outputs: Tensor, loss: Tensor) {
    let (outputs, value) = withGradients { () -> (Tensor, Tensor) in
      let found = self.outputs()
      return (found, self.loss(found))
    }
    precondition(value.count == 1, "LossFunction: expected a scalar loss, got \(value.shape)")
    guard value.isFinite().allTrue() else { throw .notFinite("loss") }
    return (outputs, value)
  }
}
