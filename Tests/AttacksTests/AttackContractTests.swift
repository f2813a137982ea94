import Attacks
import Testing
import Torch

/// What every attack promises.
@Suite struct AttackContractTests {
  static let shapes = [[3, 3, 4, 4], [1, 1, 5, 7], [2, 2, 1, 9], [4, 6], [2, 1, 1, 1, 3]]

  /// Bounds, computed here in scalar loops, over shapes, types, seeds and ε from a thousandth to 1.
  /// Catches a missing or misplaced clamp or projection, and a check that looks away.
  @Test(arguments: ContractRow.all, shapes)
  func `stays finite, in range and in the ball`(row: ContractRow, shape: [Int]) throws {
    let pixels = shape.dropFirst().reduce(1, *)
    for (seed, dtype) in [(1, DType.float32), (2, .float64), (3, .float32)] as [(UInt64, DType)] {
      let (images, labels) = pictures(shape, classes: 3, seed: seed, dtype: dtype)
      let model = TanhModel(pixels: pixels, seed: seed)
      for epsilon in [0.001, 8.0 / 255, 0.3, 1] {
        let found = try row.make(epsilon).callAsFunction(
          images, labels: labels, against: { model($0) }, using: Generator(seed: seed))
        #expect(found.shape == shape && found.dtype == dtype && !found.requiresGradient)
        let (old, new) = (images.scalars(of: Double.self), found.scalars(of: Double.self))
        #expect(new.allSatisfy { $0 >= 0 && $0 <= 1 })
        for image in 0..<shape[0] {
          let range = image * pixels..<(image + 1) * pixels
          let moves = range.map { abs(new[$0] - old[$0]) }
          let size =
            row.norm == .linf ? moves.max()! : moves.reduce(0) { $0 + $1 * $1 }.squareRoot()
          #expect(size <= epsilon + (dtype == .float64 ? 1e-11 : 1e-5))
        }
      }
    }
  }

  /// x + ε sgn(w) in L∞, x + ε w/‖w‖ in L2, where [0, 1] is far away. Catches an attack that is merely legal.
  @Test(arguments: ContractRow.all)
  func `reaches the optimum of a linear model`(row: ContractRow) throws {
    let model = LinearModel(classes: 2, pixels: 12, seed: 41)
    let (images, labels) = pictures([6, 3, 2, 2], classes: 2, seed: 42, in: 0.4...0.6)
    let ascent = model.ascent(labels)
    let direction =
      row.norm == .linf ? ascent.sign() : ascent / ascent.norm(along: [1], keeping: true)
    let found = try row.make(0.1).callAsFunction(
      images, labels: labels, against: { model($0) }, using: Generator(seed: 5))
    #expect(difference(found, images + direction.reshaped(images.shape) * 0.1) < 1e-5)
  }

  @Test(arguments: ContractRow.all)
  func `ε of zero changes nothing`(row: ContractRow) throws {
    let (images, labels) = pictures([3, 8], classes: 3, seed: 1, dtype: .float32)
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

  /// Catches a hidden random source, and a generator that is ignored or seeded anew.
  @Test(arguments: ContractRow.all)
  func `the generator's seed decides`(row: ContractRow) throws {
    let model = TanhModel(pixels: 8, seed: 1, scale: 4)
    let (images, labels) = pictures([20, 8], classes: 3, seed: 1)
    func run(_ generator: Generator) throws -> Tensor {
      try row.make(0.2).callAsFunction(
        images, labels: labels, against: { model($0) }, using: generator)
    }
    let generator = Generator(seed: 6)
    let (first, second) = (try run(generator), try run(generator))
    #expect(first.isIdentical(to: try run(Generator(seed: 6))))
    #expect(first.isIdentical(to: second) == !row.isRandom)
  }

  /// Catches writing into the caller's images, and recording modes that leak in or out.
  @Test(arguments: ContractRow.all)
  func `leaves images and recording as they were`(row: ContractRow) throws {
    let model = TanhModel(pixels: 8, seed: 1)
    let (images, labels) = pictures([4, 8], classes: 3, seed: 1)
    let copy = images.copied()
    let attack = row.make(0.1)
    let recorded = try attack(
      images.requiringGradient(), labels: labels, against: { model($0) }, using: Generator(seed: 2))
    #expect(isRecordingGradients && !recorded.requiresGradient)
    let unrecorded = try withoutGradients {
      let found = try attack(
        images, labels: labels, against: { model($0) }, using: Generator(seed: 2))
      #expect(!isRecordingGradients)
      return found
    }
    #expect(unrecorded.isIdentical(to: recorded))
    #expect(images.isIdentical(to: copy))
  }

  /// Gradients are of the images only: a parameter that requires one is not touched and does no harm.
  @Test(arguments: ContractRow.all)
  func `differentiates the images, not the parameters`(row: ContractRow) throws {
    let weights = LinearModel(classes: 3, pixels: 8, seed: 3).weights
    let (images, labels) = pictures([4, 8], classes: 3, seed: 1)
    let fixed = try row.make(0.1).callAsFunction(
      images, labels: labels, against: { $0.linear(weights) }, using: Generator(seed: 2))
    let leaf = weights.requiringGradient()
    let free = try row.make(0.1).callAsFunction(
      images, labels: labels, against: { $0.linear(leaf) }, using: Generator(seed: 2))
    #expect(free.isIdentical(to: fixed))
    #expect(images.linear(leaf).sum().gradients(of: [leaf])[0].shape == [3, 8])
  }

  /// Catches a report that is made up: the classifier counts for itself.
  @Test(arguments: ContractRow.all)
  func `reports every call`(row: ContractRow) throws {
    let model = TanhModel(pixels: 8, seed: 1)
    let (images, labels) = pictures([5, 8], classes: 3, seed: 1)
    var sizes: [Int] = []
    let result = try row.make(0.1).run(
      images, labels: labels,
      against: {
        sizes.append($0.size(0))
        return model($0)
      }, using: Generator(seed: 2))
    #expect(result.report.classifierCalls == sizes.count)
    #expect(result.report.imagesClassified == sizes.reduce(0, +))
    #expect(result.report.gradientEvaluations.first?.images == 5)
  }

  @Test(arguments: ContractRow.all)
  func `refuses bad input and bad gradients`(row: ContractRow) {
    let labels = Tensor([0])
    func complaint(_ epsilon: Double, _ images: Tensor, _ classifier: Classifier) -> String {
      message { () throws(AttackError) in
        _ = try row.make(epsilon).callAsFunction(
          images, labels: labels, against: classifier, using: Generator(seed: 0))
      } ?? "nothing"
    }
    let linear: Classifier = { LinearModel(classes: 2, pixels: 4, seed: 0, dtype: .float32)($0) }
    let grey = Tensor.full(0.5, shape: [1, 4])
    #expect(complaint(0.1, grey * 3, linear).hasPrefix("images: expected pixels in [0, 1]"))
    #expect(complaint(0.1, grey * .nan, linear).hasPrefix("images: expected finite"))
    for epsilon in [-0.1, .nan, .infinity] {
      #expect(complaint(epsilon, grey, linear).hasPrefix("ε: expected 0 ≤ ε"))
    }
    // √0 has an infinite slope, times 0: the logits are finite, their gradient is NaN.
    #expect(
      complaint(0.1, grey) { linear($0 + ($0 * 0).squareRoot()) }.hasPrefix(
        "gradient: expected finite numbers, found NaN or infinity for 1 of 1 images"))
    #expect(complaint(0.1, grey) { linear($0) * .nan }.hasPrefix("logits: expected finite"))
  }
}
