internal import CTorch

extension Tensor {
  /// Whether operations on this tensor are recorded for differentiation.
  public var requiresGradient: Bool { withExtendedLifetime(handle) { ct_requires_grad(raw) } }

  /// A new leaf with the same numbers (shared memory) whose operations are recorded.
  public func requiringGradient() -> Tensor {
    let leaf = detached()
    var error = CTError()
    guard ct_set_requires_grad(leaf.raw, true, &error) else {
      fatalError(TorchError(error, in: "requiringGradient").description)
    }
    return leaf
  }

  private static let detach = Operator(known: "detach")
  /// The same numbers (shared memory), cut from the graph.
  public func detached() -> Tensor { must { () throws(TorchError) in try Self.detach(self) } }

  /// The gradients of this scalar with respect to `inputs`.
  ///
  /// - Parameters:
  ///   - inputs: leaves that require gradients, or intermediate results of this scalar's graph.
  ///   - retainGraph: keep the graph for a second call. Implied by `createGraph`.
  ///   - createGraph: record the gradient computation itself, for a second differentiation.
  /// - Returns: one gradient for each input; zeros for an input that this scalar does not depend on.
  public func gradients(
    of inputs: [Tensor], retainGraph: Bool = false, createGraph: Bool = false
  ) -> [Tensor] {
    must { () throws(TorchError) in
      try vectorJacobianProduct(
        outputs: [self], inputs: inputs, vectors: nil, retainGraph: retainGraph,
        createGraph: createGraph)
    }
  }

  /// The gradients of this scalar with respect to named tensors.
  public func gradients(
    of inputs: NamedTensors, retainGraph: Bool = false, createGraph: Bool = false
  ) -> NamedTensors {
    NamedTensors(
      zip(
        inputs.names,
        gradients(of: inputs.tensors, retainGraph: retainGraph, createGraph: createGraph)))
  }
}

/// vᵀJ of `outputs` with respect to `inputs`: reverse-mode differentiation.
///
/// - Parameters:
///   - vectors: one for each output, of its shape; nil for scalar outputs means 1.
///   - retainGraph: keep the graph for a second call. Implied by `createGraph`.
///   - createGraph: record the computation, so that the result can be differentiated again.
/// - Returns: one tensor for each input; zeros for an input that no output depends on.
/// - Throws: ``TorchError`` when the graph was already freed, a shape does not fit, or an operation has no
///   derivative of the order asked for.
public func vectorJacobianProduct(
  outputs: [Tensor], inputs: [Tensor], vectors: [Tensor]?, retainGraph: Bool = false,
  createGraph: Bool = false
) throws(TorchError) -> [Tensor] {
  precondition(
    vectors == nil || vectors!.count == outputs.count,
    "vectorJacobianProduct: expected \(outputs.count) vectors, got \(vectors!.count)")
  if inputs.isEmpty { return [] }
  var error = CTError()
  var found = [CTTensor?](repeating: nil, count: inputs.count)
  let weights = vectors.map { $0.map { $0.raw as CTTensor? } } ?? outputs.map { _ in nil }
  let done = withExtendedLifetime((outputs, inputs, vectors)) {
    ct_gradients(
      outputs.map(\.raw), Int32(outputs.count), inputs.map(\.raw), Int32(inputs.count), weights,
      retainGraph || createGraph, createGraph, true, &found, &error)
  }
  guard done else { throw TorchError(error, in: "gradients") }
  return zip(inputs, found).map { input, gradient in
    gradient.map(Tensor.init(owning:)) ?? Tensor.zeros(like: input)
  }
}

/// Whether operations on this thread are recorded for differentiation now.
public var isRecordingGradients: Bool { ct_grad_mode() }

/// Runs `body` without recording operations for differentiation. Affects this thread only.
public func withoutGradients<Result, Failure: Error>(
  _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  let old = ct_set_grad_mode(false)
  defer { _ = ct_set_grad_mode(old) }
  return try body()
}

/// Runs `body` with recording on, whatever the caller's mode: an attack needs it inside an evaluation.
public func withGradients<Result, Failure: Error>(
  _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  let old = ct_set_grad_mode(true)
  defer { _ = ct_set_grad_mode(old) }
  return try body()
}
