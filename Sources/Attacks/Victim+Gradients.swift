public import Torch

extension Victim {
  /// What the classifier says of a batch, and how each loss changes with its image.
  public struct Answer {
    /// `[B, classes]`, cut from the graph.
    public let logits: Tensor
    /// Loss of each image, `[B]`.
    public let losses: Tensor
    /// ∂(Σ losses)/∂images, of the images' shape: each image's own gradient, whatever the batch size.
    public let gradient: Tensor
    /// Whether each image is classified as something else than its label, `[B]`.
    public let fooled: Tensor
  }

  /// The gradient of a loss with respect to the images only, whatever the caller's mode.
  ///
  /// The losses are summed, not averaged: an average of saturated losses underflows with the batch size.
  /// - Throws: ``AttackError`` when the logits do not depend on the images through recorded operations, or
  ///   the gradient has NaN or infinite numbers. Zero gradients are counted in ``report``.
  public mutating func lossGradient(
    _ images: Tensor, labels: Tensor, loss: AttackLoss = .crossEntropy
  ) throws(AttackError) -> Answer {
    let answer = try gradients(images) { (logits) throws(AttackError) in [try loss(logits, labels)]
    }
    return Answer(
      logits: answer.logits, losses: try loss(answer.logits, labels),
      gradient: answer.gradients[0], fooled: Self.errs(answer.logits, labels))
  }

  /// Gradients with respect to the images of several functions of the logits, from one forward pass.
  ///
  /// - Parameter functions: logits `[B, classes]` → one number for each image, `[B]`, or several such; the
  ///   gradient of the i-th is that of its sum, so each image's own.
  /// - Returns: the classifier's logits, cut from the graph, and one gradient of the images' shape for each
  ///   function. With several ``draws`` both are means.
  /// - Throws: ``AttackError`` as ``lossGradient(_:labels:loss:)``.
  public mutating func gradients(
    _ images: Tensor, of functions: (Tensor) throws(AttackError) -> [Tensor]
  ) throws(AttackError) -> (logits: Tensor, gradients: [Tensor]) {
    var logitSum: Tensor?
    var sums: [Tensor] = []
    for _ in 0..<draws {
      let (logits, gradients) = try oneDraw(images, functions)
      logitSum = logitSum.map { $0 + logits } ?? logits
      sums = sums.isEmpty ? gradients : zip(sums, gradients).map { $0 + $1 }
    }
    let scale = Double(draws)
    let gradients = draws == 1 ? sums : sums.map { $0 / scale }
    try check(gradients, images: images)
    return (draws == 1 ? logitSum! : logitSum! / scale, gradients)
  }

  private mutating func oneDraw(
    _ images: Tensor, _ functions: (Tensor) throws(AttackError) -> [Tensor]
  ) throws(AttackError) -> (Tensor, [Tensor]) {
    count(images)
    let input = images.requiringGradient()
    let function = sourceFunction ?? classifier
    let (logits, gradients) = try withGradients { () throws(AttackError) -> (Tensor, [Tensor]) in
      let logits = function(input)
      try checkLogits(logits, batch: images.size(0), highestLabel: highestLabel)
      guard logits.requiresGradient else {
        throw .unusable(
          .logits, expected: "a result that can be differentiated with respect to the images",
          found: "one cut from the graph", remedy: "do not detach inside the classifier")
      }
      let values = try functions(logits)
      do throws(TorchError) {
        var gradients: [Tensor] = []
        for (index, value) in values.enumerated() {
          gradients += try vectorJacobianProduct(
            outputs: [value.sum()], inputs: [input], vectors: nil,
            retainGraph: index + 1 < values.count)
        }
        return (logits.detached(), gradients)
      } catch { throw .engine(error) }
    }
    guard source?.isSubstitute == true else { return (logits, gradients) }
    count(images)
    let own = withoutGradients { classifier(images) }.detached()
    try checkLogits(own, batch: images.size(0), highestLabel: highestLabel)
    return (own, gradients)
  }

  private mutating func check(_ gradients: [Tensor], images: Tensor) throws(AttackError) {
    var zero: Tensor?
    for gradient in gradients {
      let largest = ThreatModel.rows(gradient).norm(.infinity, along: [1])
      let broken = (.!largest.isFinite()).trueCount
      guard broken == 0 else {
        throw .unusable(
          .gradient, expected: "finite numbers",
          found: "NaN or infinity for \(broken) of \(gradient.size(0)) images",
          remedy: "such images would stay unattacked and look robust: repair the network's backward"
        )
      }
      zero = zero.map { $0 .& (largest .== 0) } ?? (largest .== 0)
    }
    report.gradientEvaluations.append(
      .init(images: images.size(0), zeroGradients: zero?.trueCount ?? 0))
  }
}
