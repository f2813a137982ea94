import Attacks
import Testing
import Torch

/// The whole text of each complaint: expected, found, what to do.
@Suite struct PreconditionTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var images = Tensor.full(0.5, shape: [2, 4])
    var labels = Tensor([0, 1])
    var attack: any Attack = FGSM(epsilon: 0.1)
    var classifier: @Sendable (Tensor) -> Tensor = {
      LinearModel(classes: 3, pixels: 4, seed: 0, dtype: .float32)($0)
    }
    let complaint: String?
  }

  static let cases: [Case] = [
    Case(testDescription: "sound", complaint: nil),
    Case(
      testDescription: "normalised images",
      images: Tensor([-2.1 as Float, 0, 1, 2.6], shape: [2, 2]),
      complaint:
        "images: expected pixels in [0, 1], found -2.0999999046325684 to 2.5999999046325684; attack "
        + "images before normalisation, which is the network's first layer"),
    Case(
      testDescription: "NaN", images: Tensor([.nan as Float, 0, 1, .infinity], shape: [2, 2]),
      complaint:
        "images: expected finite pixels, found 2 of 4 NaN or infinite; check how the data set was read"
    ),
    Case(
      testDescription: "bytes", images: Tensor([1, 2] as [UInt8], shape: [2, 1]),
      complaint:
        "images: expected float32 or float64, found uint8; convert them: in half precision saturated "
        + "gradients vanish and look like robustness"),
    Case(
      testDescription: "no batch dimension", images: Tensor([0.5 as Float, 0.5]),
      complaint:
        "images: expected [B, C, H, W] or another [B, ...] with pixels, found [2]; put the batch first"
    ),
    Case(
      testDescription: "no pixels", images: Tensor.zeros([2, 0]),
      complaint:
        "images: expected [B, C, H, W] or another [B, ...] with pixels, found [2, 0]; put the batch "
        + "first"),
    Case(
      testDescription: "another number of labels", labels: Tensor([0]),
      complaint:
        "labels: expected int64 [2] on cpu, one for each image, found int64 [1] on cpu; pass the class "
        + "number of each image"),
    Case(
      testDescription: "one-hot labels", labels: Tensor([0 as Float, 1, 1, 0], shape: [2, 2]),
      complaint:
        "labels: expected int64 [2] on cpu, one for each image, found float32 [2, 2] on cpu; pass the "
        + "class number of each image"),
    Case(
      testDescription: "a negative label", labels: Tensor([-1, 0]),
      complaint: "labels: expected class numbers from 0, found -1; remove images without a label"),
    Case(
      testDescription: "a label out of range", labels: Tensor([0, 3]),
      complaint:
        "labels: expected 0 ..< 3, the classifier's classes, found 3; use the classifier that was "
        + "trained for these labels"),
    Case(
      testDescription: "logits over time",
      classifier: {
        LinearModel(classes: 3, pixels: 4, seed: 0, dtype: .float32)($0).unsqueezed(0)
      },
      complaint:
        "logits: expected [2, classes] with at least 2 classes, floating point, found float32 "
        + "[1, 2, 3]; average the network's output over time before it is attacked"),
    Case(
      testDescription: "diverged network",
      classifier: {
        LinearModel(classes: 3, pixels: 4, seed: 0, dtype: .float32)($0) * .infinity
      },
      complaint:
        "logits: expected finite numbers, found 6 of 6 NaN or infinite; the network has diverged: an "
        + "attack on it would mean nothing"),
    Case(
      testDescription: "detached classifier",
      classifier: { LinearModel(classes: 3, pixels: 4, seed: 0, dtype: .float32)($0.detached()) },
      complaint:
        "logits: expected a result that can be differentiated with respect to the images, found one "
        + "cut from the graph; do not detach inside the classifier"),
    Case(
      testDescription: "ε in levels", attack: FGSM(epsilon: 8),
      complaint:
        "ε: expected 0 ≤ ε ≤ 1, found 8.0; ε is in pixel units of [0, 1]: write 8/255, not 8"),
    Case(
      testDescription: "α in levels", attack: PGD(.linf(0.1), stepSize: 2, steps: 10),
      complaint:
        "step size: expected 0 < α ≤ 1, found 2.0; α is in pixel units of [0, 1]: write 2/255, not 2"
    ),
    Case(
      testDescription: "α of zero in L2", attack: PGD(.l2(0.1), stepSize: 0, steps: 10),
      complaint:
        "step size: expected 0 < α, finite, found 0.0; α is in pixel units of [0, 1]: write 2/255, not 2"
    ),
    Case(
      testDescription: "no steps", attack: PGD(.linf(0.1), stepSize: 0.1, steps: 0),
      complaint: "steps: expected at least 1, found 0; 10 is usual"),
    Case(
      testDescription: "equal restarts",
      attack: PGD(.linf(0.1), stepSize: 0.1, steps: 1, start: .image, restarts: 2),
      complaint:
        "restarts: expected 1 run, or more from random starts, found 2; from the image itself every "
        + "run would be the same"),
  ]

  @Test(arguments: cases)
  func `says what is wrong`(row: Case) {
    let found = message { () throws(AttackError) in
      _ = try row.attack(
        row.images, labels: row.labels, against: row.classifier, using: Generator(seed: 0))
    }
    #expect(found == row.complaint)
  }

  /// The engine's own error reaches the caller as a value. Catches a trap in the middle of an evaluation.
  @Test func `a backward that fails is an error`() throws {
    let found = message { () throws(AttackError) in
      _ = try FGSM(epsilon: 0.1)(
        Tensor.full(0.5, shape: [1, 2]), labels: Tensor([0]),
        against: { images in
          let grown = images.exponential()
          let logits = grown * 2
          grown.multiplyInPlace(by: 2)
          return logits
        }, using: Generator(seed: 0))
    }
    #expect(try #require(found).contains("modified by an inplace operation"))
  }

  @Test func `starting points are checked`() {
    let images = Tensor.full(0.5, shape: [2, 2])
    func complaint(_ points: Tensor) -> String? {
      message { () throws(AttackError) in
        _ = try PGD(.linf(0.1), stepSize: 0.1, steps: 1).run(
          images, labels: Tensor([0, 1]), against: { $0 }, startingAt: points,
          using: Generator(seed: 0))
      }
    }
    #expect(complaint(images + 0.1) == nil)
    #expect(
      complaint(images * 0)
        == "starting points: expected finite pixels in [0, 1] within L∞ 0.1 of the images, found of 2 "
        + "points 0 not finite, 0 outside [0, 1], 2 outside the ball; give the points themselves, not "
        + "the perturbations, in the images' order")
    #expect(
      complaint(images[0..<1])
        == "starting points: expected float32 [2, 2] on cpu, found float32 [1, 2] on cpu; give one "
        + "point for each image")
  }

  @Test func `the number of classes can be given beforehand`() {
    let images = Tensor.zeros([1, 2])
    #expect(
      message { () throws(AttackError) in
        try checkPreconditions(images: images, labels: Tensor([10]), classes: 10)
      }?.hasPrefix("labels: expected 0 ..< 10") == true)
    #expect(
      message { () throws(AttackError) in
        try checkPreconditions(images: images, labels: Tensor([9]), classes: 10)
      } == nil)
  }
}
