import Curvature
import Datasets
import Foundation
import Layers
import Optimization
import Spiking
import TestSupport
import Testing
import Torch
import Training

@testable import Experiments

/// λ_max and singular values while a run trains: right, the same after a resumption, and without any trace in the
/// training.
@Suite struct TrainingMeasurementTests {
  static func job(
    measures: Bool = true,
    _ change: (inout TrainingRecipe, inout NetworkRecipe) -> Void = { _, _ in }
  ) throws -> TrainingJob {
    var (training, network) = (TinyJob.training, TinyJob.network)
    training.epochs = 2
    // Two channels and then four: a Hessian that can be written out.
    network.width = 0.03
    change(&training, &network)
    var running = RunningRecipe()
    if measures {
      running.curvatureEvery = 3
      running.curvatureImages = 10
      running.spectrumEvery = 2
    }
    return try TrainingJob(
      network: network, training: training, running: running,
      datasets: RunDatasets(training: TinyJob.dataset, test: TinyJob.dataset.prefix(5)))
  }

  private static func metrics(_ folder: RunFolder) throws -> RunMetrics {
    try RunMetrics(contentsOf: folder.metrics, isComplete: true)
  }

  // MARK: Not disturbing

  typealias Change = @Sendable (inout TrainingRecipe, inout NetworkRecipe) -> Void
  static let changes: [(String, Change)] = [
    ("plain", { _, _ in }),
    ("deflation", { training, _ in training.deflation = .fast }),
    ("sharpness", { training, _ in training.sharpnessRadius = 0.1 }),
    ("rate coding", { _, network in network.coding = .rate }),
    ("relu", { _, network in network.activation = .relu }),
    (
      "step by step",
      { training, network in
        training.batchStatistics = .eachStep
        training.unrolling = .stepByStep
        network.neuron.temporalGradient = .withinStep
      }
    ),
  ]

  @Test(arguments: changes.map(\.0))
  func `a measured run has the bits of one that is not`(name: String) throws {
    let change = try #require(Self.changes.first { $0.0 == name }?.1)
    let measured = try Self.job(change).run()
    let plain = try Self.job(measures: false, change).run()
    // Weights, running statistics, the optimiser's state and the epochs' averages.
    #expect(TinyJob.Result(measured) == TinyJob.Result(plain))
    #expect(measured.curve == plain.curve)
    let found = try #require(measured.manifest.session.measurements)
    // Steps 0, 3, 6 of eight; and 1, 2, 4, 6, 8.
    #expect(found.curvature?.readings == 3 && found.spectra?.readings == 5)
    #expect(found.lastCurvature?.step == 6 && found.lastCurvature?.value != nil)
    #expect(plain.manifest.session.measurements == nil)
  }

  // MARK: λ_max

  /// The largest eigenvalue of J, written out row by row, of a copy of the network in float64.
  private static func denseEigenvalue(
    of weights: NamedTensors, _ recipe: NetworkRecipe, on images: ImageDataset
  ) throws -> (value: Double, asymmetry: Double) {
    let network = try recipe.build(seed: 0)
    try network.load(weights)
    network.convert(to: .float64)
    let all = 0..<images.count
    var pass = ForwardPass(.evaluation)
    let pixels = images.images(at: all).converted(to: .float64)
    let logits = network(recipe.encoder(pixels, &pass), &pass).mean(along: [0])
    let parameters = network.parameters.tensors
    let gradient = Tensor.concatenating(
      logits.crossEntropy(images.labels(at: all)).gradients(of: parameters, createGraph: true)
        .map { $0.reshaped([-1]) })
    let rows = (0..<gradient.count).map { row in
      Tensor.concatenating(
        gradient.selecting(row, along: 0).gradients(of: parameters, retainGraph: true)
          .map { $0.detached().reshaped([-1]) })
    }
    let matrix = Tensor.stacking(rows)
    let symmetric = (matrix + matrix.transposed()) * 0.5
    return (
      try symmetric.symmetricEigenDecomposition().values.max().item(),
      ((matrix - matrix.transposed()).norm() / matrix.norm()).item()
    )
  }

  @Test func `the logged λ_max is the dense Hessian's`() throws {
    try withTemporaryDirectory { path in
      let folder = try RunFolder(path + "/run")
      let job = try Self.job()
      let outcome = try job.run(in: folder)
      let readings = try Self.metrics(folder).curvature
      #expect(readings.map(\.step) == [0, 3, 6])
      #expect(readings.allSatisfy { $0.images == 10 && $0.converged && $0.failure == nil })
      // The weights of steps 0 and 8; the last is read anew, as a run of three more steps would.
      let initial = try job.network.build(seed: job.training.seed)
      let last = CurvatureProbe(
        of: outcome.network, job.network.encoder, on: TinyJob.dataset.prefix(10),
        seed: job.training.seed
      ).reading(at: 8)
      for (reading, weights) in [(readings[0], initial.weights), (last, outcome.network.weights)] {
        let dense = try Self.denseEigenvalue(
          of: weights.map { $0.detached() }, job.network, on: TinyJob.dataset.prefix(10))
        #expect(dense.asymmetry < 1e-10)
        let value = try #require(reading.value)
        let residual = try #require(reading.residual)
        expectClose(value, dense.value, relative: 1e-6, absolute: residual)
        #expect(residual <= 0.02 * dense.value, "\(residual) of \(dense.value)")
      }
      #expect(readings[0].value != readings[1].value)
    }
  }

  @Test func `a network without finite gradients has a reading that says why`() throws {
    let network = try TinyJob.network.build(seed: 1)
    withoutGradients { network.parameters.tensors[0].detached().multiplyInPlace(by: .infinity) }
    let reading = CurvatureProbe(
      of: network, TinyJob.network.encoder, on: TinyJob.dataset.prefix(4), seed: 0
    ).reading(at: 7)
    #expect(reading.value == nil && !reading.converged && reading.step == 7)
    #expect(reading.failure?.contains("expected finite numbers, found NaN or infinity") == true)
  }

  @Test func `readings are events for TensorBoard, too`() throws {
    try withTemporaryDirectory { path in
      let folder = try RunFolder(path + "/run")
      _ = try Self.job().run(in: folder)
      let name = try #require(
        FileManager.default.contentsOfDirectory(atPath: folder.path).first {
          $0.hasPrefix("events.out.tfevents.")
        })
      let events = try ReadEvent.all(folder.output.file(name))
      let metrics = try Self.metrics(folder)
      for reading in metrics.curvature {
        let value = try #require(reading.value)
        #expect(
          events.contains {
            $0.step == reading.step
              && $0.scalars == ["curvature/largest eigenvalue": Float(value)]
          })
      }
      for spectrum in metrics.spectra {
        let scalars = Dictionary(
          uniqueKeysWithValues: spectrum.layers.map {
            ("sigma1 share/" + $0.name, Float($0.energyShare))
          })
        #expect(events.contains { $0.step == spectrum.step && $0.scalars == scalars })
      }
    }
  }

  // MARK: Singular values

  @Test func `shares of a deflating run are those that deflation finds`() throws {
    try withTemporaryDirectory { path in
      let folder = try RunFolder(path + "/run")
      var job = try Self.job { training, _ in training.deflation = .svd }
      job = try TrainingJob(
        network: job.network, training: job.training, running: job.running,
        datasets: job.datasets, stepsPerPoint: 2)
      _ = try job.run(in: folder)
      let metrics = try Self.metrics(folder)
      #expect(metrics.spectra.map(\.step) == [1, 2, 4, 6, 8])
      #expect(metrics.deflation.map(\.step) == [2, 4, 6, 8])
      for deflated in metrics.deflation {
        let measured = try #require(metrics.spectra.first { $0.step == deflated.step })
        #expect(measured.layers.map(\.name) == deflated.layers.map(\.name))
        for (ours, theirs) in zip(measured.layers, deflated.layers) {
          expectClose(ours.sigma1, theirs.sigma1, relative: 1e-4)
          expectClose(ours.energyShare, theirs.energyShare, relative: 1e-4)
          let nuclear = try #require(ours.nuclearShare)
          // σ₁/Σσ ≤ √(σ₁²/Σσ²), and both are above the inverse of the rank.
          #expect(nuclear > 0 && nuclear <= ours.energyShare.squareRoot() + 1e-9)
        }
      }
    }
  }

  @Test func `the gradient is measured as it is before any transform`() throws {
    let network = try TinyJob.network.build(seed: 2)
    let batch = try #require(DataLoader(TinyJob.dataset, batchSize: 6).epoch(0).first { _ in true })
    func step(_ chain: [any GradientTransform]) throws -> GradientSpectrum {
      try network.load(TinyJob.network.build(seed: 2).weights.map { $0.detached() })
      var step = TrainingStep(
        network: network, encoder: TinyJob.network.encoder,
        objective: PerStepCrossEntropy(), optimizer: Optimizer(chain))
      step.spectrumInterval = 1
      return try #require(try step(batch, index: 0).spectrum)
    }
    let plain = try step([LearningRate(.constant(0))])
    let changed = try step([
      DominantSingularDeflation(), GradientClipping(maximumNorm: 1e-3),
      LearningRate(.constant(0.1)),
    ])
    #expect(plain.layers == changed.layers && !plain.layers.isEmpty && plain.unmeasured.isEmpty)
  }

  // MARK: Resuming

  /// The log's lines of measurements without what a clock said.
  private static func lines(_ folder: RunFolder) throws -> [String] {
    try String(contentsOfFile: folder.metrics, encoding: .utf8).split(separator: "\n")
      .filter { $0.contains(#""event":"curvature""#) || $0.contains(#""event":"spectrum""#) }
      .map {
        String($0).replacing(/"(seconds|shareOfTraining)":[^,}]+/, with: "")
      }
  }

  @Test func `a resumed run logs the same readings, each once`() throws {
    try withTemporaryDirectory { path in
      let job = try Self.job()
      let whole = try RunFolder(path + "/whole")
      let reference = try job.run(in: whole)
      let cut = try RunFolder(path + "/cut")
      var steps = 0
      _ = try job.run(in: cut, shouldStop: { steps == 5 }) {
        if case .progress(let progress) = $0 { steps = progress.stepsDone }
      }
      let resumed = try job.run(in: cut, .resume)
      #expect(TinyJob.Result(resumed) == TinyJob.Result(reference))
      #expect(try Self.lines(cut) == Self.lines(whole))
      #expect(try Self.lines(whole).count == 8)
      let counts = [resumed, reference].map { $0.manifest.session.measurements }
      #expect(counts[0]?.curvature?.readings == counts[1]?.curvature?.readings)
      #expect(counts[0]?.curvatureProducts == counts[1]?.curvatureProducts)
    }
  }

  @Test func `a run can be resumed with measurements that it began without`() throws {
    try withTemporaryDirectory { path in
      let folder = try RunFolder(path + "/run")
      var steps = 0
      _ = try Self.job(measures: false).run(in: folder, shouldStop: { steps == 5 }) {
        if case .progress(let progress) = $0 { steps = progress.stepsDone }
      }
      let resumed = try Self.job().run(in: folder, .resume)
      #expect(resumed.manifest.session.measurements?.lastCurvature?.step == 6)
      #expect(try Self.metrics(folder).spectra.map(\.step) == [6, 8])
      #expect(try TinyJob.Result(resumed) == TinyJob.Result(Self.job(measures: false).run()))
    }
  }

  // MARK: What was written before

  @Test func `records and checkpoints from before measurements are read`() throws {
    func without(_ keys: [String], _ value: some Encodable) throws -> Data {
      func strip(_ value: Any) -> Any {
        guard let object = value as? [String: Any] else { return value }
        return object.filter { !keys.contains($0.key) }.mapValues(strip)
      }
      return try JSONSerialization.data(
        withJSONObject: strip(JSONSerialization.jsonObject(with: JSONEncoder().encode(value))))
    }
    var running = RunningRecipe()
    running.checkpointEvery = nil
    running.workers = 3
    let old = try without(["curvatureEvery", "curvatureImages", "spectrumEvery"], running)
    #expect(try JSONDecoder().decode(RunningRecipe.self, from: old) == running)
    let outcome = try Self.job(measures: false).run()
    let session = outcome.manifest.session
    let bare = try without(["measurements", "spectrum"], session)
    #expect(try JSONDecoder().decode(SessionState.self, from: bare) == session)
    let results = try without(["measurements"], outcome.results)
    #expect(try JSONDecoder().decode(RunResults.self, from: results) == outcome.results)
  }

  @Test func `what it costs is in the results, beside the training's own time`() throws {
    let outcome = try Self.job().run()
    let results = outcome.results
    let curvature = try #require(results.measurements?.curvature)
    #expect(curvature.seconds > 0 && results.seconds > 0)
    #expect(curvature.share(ofTraining: results.seconds) == curvature.seconds / results.seconds)
    #expect(results.measurements?.curvatureProducts ?? 0 >= 3)
  }
}
