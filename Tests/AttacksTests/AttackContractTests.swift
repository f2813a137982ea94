import Attacks
import Testing
import Torch

/// What every attack promises of its result; ``AttackIndependenceTests`` has what it may not depend on.
@Suite struct AttackContractTests {
  static let shapes = [
    [3, 3, 4, 4], [1, 1, 5, 7], [2, 2, 1, 9], [4, 6], [2, 1, 1, 1, 3], [1, 2],
  ]

  /// Bounds, computed here in scalar loops, over shapes, types, seeds and ε from a thousandth to 1.
  /// Catches a missing or misplaced clamp or projection, and a check that looks away.
  @Test(arguments: ContractRow.all, shapes)
  func `stays finite, in range and in the ball`(row: ContractRow, shape: [Int]) throws {
    // Others refuse what is no picture: their own tests have the words.
    guard shape.count == 4 || !row.needsPictures else { return }
    let pixels = shape.dropFirst().reduce(1, *)
    for (seed, dtype) in [(1, DType.float32), (2, .float64), (3, .float32)] as [(UInt64, DType)] {
      let (images, labels) = pictures(shape, classes: 3, seed: seed, dtype: dtype)
      let model = TanhModel(pixels: pixels, classes: max(row.classes, 3), seed: seed)
      for epsilon in [0.001, 8.0 / 255, 0.3, 1] {
        let found = try row.make(epsilon).callAsFunction(
          images, labels: labels, against: { model($0) }, using: Generator(seed: seed))
        #expect(found.shape == shape && found.dtype == dtype && !found.requiresGradient)
        expectAdmissible(found, images, row.norm, epsilon)
      }
    }
  }

  private func expectAdmissible(
    _ found: Tensor, _ images: Tensor, _ norm: ThreatModel.Norm, _ epsilon: Double
  ) {
    let (old, new) = (images.scalars(of: Double.self), found.scalars(of: Double.self))
    #expect(new.allSatisfy { $0 >= 0 && $0 <= 1 })
    let pixels = old.count / images.size(0)
    for image in 0..<images.size(0) {
      let range = image * pixels..<(image + 1) * pixels
      let moves = range.map { abs(new[$0] - old[$0]) }
      let size = norm == .linf ? moves.max()! : moves.reduce(0) { $0 + $1 * $1 }.squareRoot()
      #expect(size <= epsilon + (images.dtype == .float64 ? 1e-11 : 1e-5))
    }
  }

  /// x + ε sgn(w) in L∞, x + ε w/‖w‖ in L2, where [0, 1] is far away. Catches an attack that is merely legal.
  /// Further classes are out of reach, so that every loss is the loss of the two.
  @Test(arguments: ContractRow.all.filter(\.reachesLinearOptimum))
  func `reaches the optimum of a linear model`(row: ContractRow) throws {
    let model = LinearModel(classes: 2, pixels: 12, seed: 41)
    let (images, _) = pictures([6, 3, 2, 2], classes: 2, seed: 42, in: 0.4...0.6)
    let labels = model(images).argmax(along: 1)
    let outOfReach = Tensor.full(-1e5, shape: [1, row.classes - 2], dtype: .float64)
    let ascent = model.ascent(labels)
    let direction =
      row.norm == .linf ? ascent.sign() : ascent / ascent.norm(along: [1], keeping: true)
    let found = try row.make(0.1).callAsFunction(
      images, labels: labels,
      against: {
        .concatenating([model($0), outOfReach.expanded(to: [$0.size(0), -1])], along: 1)
      }, using: Generator(seed: 5))
    #expect(difference(found, images + direction.reshaped(images.shape) * 0.1) < 1e-5)
  }

  /// Catches an attack that throws away what it had: the last iterate instead of the best, the best of the last run.
  @Test(arguments: ContractRow.all.filter { $0.keeps != nil })
  func `keeps nothing that is worse than the image itself`(row: ContractRow) throws {
    let loss = row.keeps!
    for seed in 1...6 as ClosedRange<UInt64> {
      // Steep and small: one step of ε = 0.5 leads anywhere.
      let model = TanhModel(pixels: 4, classes: 4, seed: seed, scale: 6)
      let images = pictures([30, 1, 2, 2], classes: 4, seed: seed).images
      let labels = model(images).argmax(along: 1)
      let found = try row.make(0.5).callAsFunction(
        images, labels: labels, against: { model($0) }, using: Generator(seed: seed))
      let clean = try loss(model(images), labels).scalars(of: Double.self)
      let kept = try loss(model(found), labels).scalars(of: Double.self)
      let failed = fooled({ model($0) }, found, labels)
      #expect((0..<30).allSatisfy { failed[$0] || kept[$0] >= clean[$0] })
    }
  }

  @Test(arguments: ContractRow.all)
  func `ε of zero changes nothing`(row: ContractRow) throws {
    let (images, labels) = pictures([3, 1, 2, 4], classes: 3, seed: 1, dtype: .float32)
    let result = try row.make(0).run(
      images, labels: labels, against: { TanhModel(pixels: 8, seed: 1)($0) },
      using: Generator(seed: 0))
    #expect(result.adversarial.isIdentical(to: images))
    #expect(result.report == AttackReport())
  }

  @Test(arguments: ContractRow.all)
  func `an empty batch is a batch`(row: ContractRow) throws {
    let found = try row.make(0.1).callAsFunction(
      Tensor.zeros([0, 1, 4, 4]), labels: Tensor.zeros([0], dtype: .int64),
      against: { TanhModel(pixels: 16, seed: 1)($0) }, using: Generator(seed: 0))
    #expect(found.shape == [0, 1, 4, 4])
  }

  /// Black, white and grey images, and a classifier that does not care. Catches 0/0 in a direction, a momentum or a
  /// mean, and zero gradients that nobody counts.
  @Test(arguments: ContractRow.all)
  func `constant images and logits do no harm`(row: ContractRow) throws {
    let images = Tensor([0 as Float, 0.5, 1], shape: [3, 1, 1, 1]).expanded(to: [3, 1, 2, 3])
      .copied()
    let steady = Tensor([2 as Float, 1, 0.5, 0])
    let result = try row.make(0.2).run(
      images, labels: Tensor([0, 0, 0]),
      against: { $0.flattened(from: 1).sum(along: [1], keeping: true) * 0 + steady },
      using: Generator(seed: 1))
    expectAdmissible(result.adversarial, images, row.norm, 0.2)
    if row.gradients == .ofClassifier {
      #expect(result.report.gradientEvaluations.allSatisfy { $0.zeroGradients == 3 })
    }
  }

  /// Catches a loss that reads classes which are not there.
  @Test(arguments: ContractRow.all)
  func `two classes are enough, or it says so`(row: ContractRow) throws {
    let model = LinearModel(classes: 2, pixels: 6, seed: 5)
    let images = pictures([4, 1, 2, 3], classes: 2, seed: 6).images
    let labels = model(images).argmax(along: 1)
    let complaint = message { () throws(AttackError) in
      _ = try row.make(0.1).callAsFunction(
        images, labels: labels, against: { model($0) }, using: Generator(seed: 0))
    }
    #expect(
      row.classes == 2
        ? complaint == nil
        : complaint?.hasPrefix("logits: expected at least \(row.classes) classes") == true,
      "\(complaint ?? "no complaint")")
  }

  /// Catches a report that is made up: the classifier counts for itself.
  @Test(arguments: ContractRow.all)
  func `reports every call`(row: ContractRow) throws {
    let model = TanhModel(pixels: 8, classes: 4, seed: 1)
    let images = pictures([5, 1, 2, 4], classes: 4, seed: 1).images
    var sizes: [Int] = []
    let result = try row.make(0.1).run(
      images, labels: model(images).argmax(along: 1),
      against: {
        sizes.append($0.size(0))
        return model($0)
      }, using: Generator(seed: 2))
    if row.gradients != .ofNothing {
      #expect(result.report.gradientEvaluations.first?.images == 5)
    }
    // Passes through another source are calls too: GradientSourceTests count them.
    guard row.label != "through a source" else { return }
    #expect(result.report.classifierCalls == sizes.count)
    #expect(result.report.imagesClassified == sizes.reduce(0, +))
  }

  @Test(arguments: ContractRow.all)
  func `refuses bad input and bad gradients`(row: ContractRow) {
    let model = LinearModel(classes: 4, pixels: 4, seed: 0, dtype: .float32)
    let linear: Classifier = { model($0) }
    let grey = Tensor.full(0.5, shape: [1, 1, 2, 2])
    let labels = linear(grey).argmax(along: 1)
    func complaint(_ epsilon: Double, _ images: Tensor, _ classifier: Classifier) -> String {
      message { () throws(AttackError) in
        _ = try row.make(epsilon).callAsFunction(
          images, labels: labels, against: classifier, using: Generator(seed: 0))
      } ?? "nothing"
    }
    #expect(complaint(0.1, grey * 3, linear).hasPrefix("images: expected pixels in [0, 1]"))
    #expect(complaint(0.1, grey * .nan, linear).hasPrefix("images: expected finite"))
    for epsilon in [-0.1, .nan, .infinity] {
      #expect(complaint(epsilon, grey, linear).hasPrefix("ε: expected 0 ≤ ε"))
    }
    // A transfer never asks the classifier.
    guard row.label != "transfer" else { return }
    #expect(complaint(0.1, grey) { linear($0) * .nan }.hasPrefix("logits: expected finite"))
    guard row.gradients == .ofClassifier else { return }
    // √0 has an infinite slope, times 0: the logits are finite, their gradient is NaN.
    #expect(
      complaint(0.1, grey) { linear($0 + ($0 * 0).squareRoot()) }.hasPrefix(
        "gradient: expected finite numbers, found NaN or infinity for 1 of 1 images"))
  }
}
