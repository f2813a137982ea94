import Curvature
import Datasets
import Layers
import Models
import Spiking
import TestSupport
import Testing
import Torch
import Training

@testable import Experiments

extension CurvatureJobTests {
  /// Catches another batch's matrix, a factor, and a cost that leaves something out.
  @Test func `trace and density are the first batch's, and the cost counts every product`() throws {
    let loaded = try Self.network()
    var settings = Self.settings
    settings.density = .init(steps: 60, vectors: 2)
    settings.traceProducts = 90
    var costs: [CurvatureCost] = []
    let results = try #require(
      try CurvatureJob(loaded, on: TinyJob.dataset, settings).run(progress: {
        if case .cost(let cost) = $0 { costs.append(cost) }
      }))
    let matrix = try Self.hessian(
      of: loaded, images: TinyJob.dataset.images(at: 0..<7),
      labels: TinyJob.dataset.labels(at: 0..<7))
    let values = try matrix.symmetricEigenDecomposition().values.scalars(of: Double.self)
    let (scale, truth) = (values.map(abs).max()!, values.reduce(0, +))
    let trace = try #require(results.inferences[0].trace)
    let error = try #require(trace.standardError)
    #expect(error < 0.1 * max(scale, abs(truth)) && trace.products <= 90)
    #expect(abs(trace.value - truth) <= 4 * error + 1e-9 * scale)
    let range = try #require(results.inferences[0].density).spectrum.range
    #expect(abs(range.upperBound - values.max()!) <= 1e-3 * scale)
    #expect(abs(range.lowerBound - values.min()!) <= 1e-3 * scale)
    // Two batches of at most 200, the density, the trace, and four draws of the asymmetry.
    #expect(costs.map(\.mostProducts) == [2 * 200 + 2 * 60 + 90 + 8])
    #expect(costs.map(\.parameters) == [results.parameters])
  }

  /// What is said of a batch beside its eigenvalues, by the network's own forward pass.
  @Test(arguments: MeasuredLoss.allCases)
  func `loss and correct answers are the batch's own`(loss: MeasuredLoss) throws {
    let loaded = try Self.network()
    let batches = try Self.run(loaded) { $0.loss = loss }.inferences[0].batches
    for (index, batch) in batches.enumerated() {
      let range = index * 7..<index * 7 + 7
      let labels = TinyJob.dataset.labels(at: range)
      var pass = ForwardPass(.evaluation)
      let logits = loaded.network(
        loaded.recipe.encoder(TinyJob.dataset.images(at: range), &pass), &pass)
      let mean = logits.mean(along: [0])
      let sum = (0..<logits.size(0)).reduce(0.0) { $0 + logits[$1].crossEntropy(labels).item() }
      let value =
        switch loss {
        case .meanLogits: mean.crossEntropy(labels).item()
        case .eachStep: sum / Double(logits.size(0))
        case .summed: sum
        }
      TestSupport.expectClose(batch.loss, value, relative: 1e-4)
      #expect(batch.correct == Int((mean.argmax(along: 1) .== labels).sum().item()))
    }
  }

  /// Against its columns, and away from the Hessian's.
  @Test func `Gauss–Newton eigenvalues are of the Gauss–Newton matrix`() throws {
    let loaded = try Self.network()
    let found = try Self.run(loaded) {
      $0.batches = 1
      $0.product = .gaussNewton
    }.inferences[0].batches[0]
    let twin = try loaded.recipe.build(seed: 0)
    try twin.load(loaded.network.weights.map { $0.detached().copied() })
    twin.convert(to: .float64)
    let labels = TinyJob.dataset.labels(at: 0..<7)
    let images = TinyJob.dataset.images(at: 0..<7).converted(to: .float64)
    var pass = ForwardPass(.evaluation)
    let mean = twin(loaded.recipe.encoder(images, &pass), &pass).mean(along: [0])
    // Of a cross-entropy over classes: Σ over examples of Jᵀ (diag p − p pᵀ) J / N, from the outputs' Jacobian.
    let parameters = twin.parameters.tensors
    let rows = try (0..<mean.size(0)).map { example in
      Tensor.stacking(
        try (0..<mean.size(1)).map { label in
          let row = try vectorJacobianProduct(
            outputs: [mean[example][label]], inputs: parameters, vectors: nil, retainGraph: true)
          return Tensor.concatenating(row.map { $0.reshaped([-1]) })
        })
    }
    let p = mean.detached().softmax(along: 1)
    var matrix = Tensor.zeros([rows[0].size(1), rows[0].size(1)], dtype: .float64)
    for (example, jacobian) in rows.enumerated() {
      let q = p[example]
      let curvature = Tensor.identity(q.count, dtype: .float64) * q - q.outer(q)
      matrix =
        matrix + jacobian.transposed().matmul(curvature).matmul(jacobian) / Double(rows.count)
    }
    let expected = try Self.top(matrix)
    Self.expectClose(found.eigenvalues.map(\.value), expected)
    let hessian = try Self.hessian(of: loaded, images: images, labels: labels)
    #expect(abs(expected[0] - (try Self.top(hessian)[0])) > 1e-5 * expected[0])
  }
}
