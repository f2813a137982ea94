import Curvature
import Datasets
import Layers
import Models
import Spiking
import Torch
import Training

/// Spikeguard's side of the curvature: the same questions and answers as PyHessian's.
struct CurvatureSide {
  let setting: StepSetting
  let weights: NamedTensors
  let batch: Batch

  /// The cross-entropy of time-mean logits in evaluation mode.
  private func matrix(_ dtype: String?) throws -> LossCurvature {
    try LossCurvature(of: try loss(dtype))
  }

  /// The network is built and loaded here, the graph when a product first needs it.
  private func loss(_ dtype: String?) throws -> LossFunction {
    let type: DType = dtype == "float64" ? .float64 : .float32
    let network = try setting.network()
    try network.load(weights)
    network.convert(to: type)
    let (images, labels) = (batch.images.converted(to: type), batch.labels)
    return LossFunction(
      of: network.parameters,
      over: [
        .init(
          outputs: { [encoder = setting.encoder] in
            var pass = ForwardPass(.evaluation)
            return network(encoder(images, &pass), &pass)
          }, loss: { $0.mean(along: [0]).crossEntropy(labels) })
      ])
  }

  func products(_ request: WorkerRequest) throws -> WorkerAnswer {
    let matrix = try matrix(request.dtype)
    let rows = try Safetensors.read(from: request.vectors!).tensors["vectors"]!
    let vectors = (0..<rows.size(0)).map { rows[$0].converted(to: matrix.dtype) }
    let products = try vectors.map { try matrix($0) }
    if let out = request.out {
      try Safetensors.write(["products": Tensor.stacking(products)], to: out)
    }
    var answer = WorkerAnswer(seconds: [])
    for _ in 0..<(request.count ?? 1) {
      let elapsed = try ContinuousClock().measure { _ = try matrix(vectors[0]) }
      answer.seconds!.append(elapsed / .seconds(1))
    }
    let pair = [0, 1].map { (i: Int) -> Double in
      (vectors[i].converted(to: .float64) * products[1 - i].converted(to: .float64)).sum().item()
    }
    answer.asymmetry = abs(pair[0] - pair[1]) / abs(pair[0])
    return answer
  }

  /// By Lanczos to a tolerance, or, from given starts, by power iteration; the gradient's graph included.
  func eigenvalues(_ request: WorkerRequest) throws -> WorkerAnswer {
    let count = request.top ?? 5
    let starts = try request.start.map { path in
      let rows = try Safetensors.read(from: path).tensors["starts"]!
      return (0..<count).map { rows[$0] }
    }
    var matrix: LossCurvature!
    var found: TopEigenvalues!
    // Built outside the time, as the peer's is.
    let loss = try loss(request.dtype)
    let elapsed = try ContinuousClock().measure {
      matrix = try LossCurvature(of: loss)
      found =
        if let starts {
          try PowerIteration(count: count, starts: starts)(matrix)
        } else {
          try Lanczos(count: count, tolerance: request.tolerance!, seed: request.seed ?? 0)(matrix)
        }
    }
    var answer = WorkerAnswer(seconds: [elapsed / .seconds(1)])
    answer.products = matrix.productCount
    answer.iterations = found.eigenvalues.map(\.iterations)
    answer.eigenvalues = found.eigenvalues.map(\.value)
    answer.residuals = try zip(found.vectors, found.eigenvalues).map { vector, pair in
      let rest = try matrix(vector) - vector * pair.value
      return ((rest * rest).sum() / (vector * vector).sum()).squareRoot().item()
    }
    return answer
  }
}
