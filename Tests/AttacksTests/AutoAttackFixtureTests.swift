import Attacks
import Foundation
import TestSupport
import Testing
import Torch

/// pyautoattack 0.2.0 on a small tanh network (scripts/fixtures/autoattack.py), from the same weights and seeds.
///
/// torchattacks 3.5.1 has copies of the same code; the generator found them to give the same images (but for L2 Square,
/// which takes the length of a square over all channels together), so they are no second opinion here.
@Suite struct AutoAttackFixtureTests {
  struct Options: Decodable {
    struct Budget: Decodable {
      let epsilon: Double
      let steps: Int
      let targets: Int
      let queries: Int
      let restarts: Int
      let rescales: Bool
    }
    struct Standard: Decodable {
      let steps: Int
      let queries: Int
    }
    let smooth: [String: Budget]
    let standard: Standard
  }

  let file: NamedTensors
  let options: Options
  let seed: UInt64
  let images: Tensor
  let labels: Tensor

  init() throws {
    let fixture = try Fixture.load("autoattack.safetensors")
    file = fixture.tensors
    let json = try #require(fixture.metadata["options"])
    options = try JSONDecoder().decode(Options.self, from: Data(json.utf8))
    seed = try #require(UInt64(fixture.metadata["seed"] ?? ""))
    (images, labels) = (file["smooth.images"]!, file["smooth.labels"]!)
  }

  private func classifier(_ images: Tensor) -> Tensor {
    images.flattened(from: 1).linear(file["smooth.w"]!, bias: file["smooth.b"]!).hyperbolicTangent()
      .linear(file["smooth.v"]!)
  }

  private func budget(_ norm: ThreatModel.Norm) -> (Options.Budget, ThreatModel) {
    let budget = options.smooth[norm.rawValue]!
    return (budget, ThreatModel(norm, epsilon: budget.epsilon))
  }

  /// The whole random stream: stripes or tiles, positions, signs, orientations, two runs. Catches one draw too many or too
  /// few, or in another order; another schedule; a proposal kept that should not be.
  @Test(arguments: ThreatModel.Norm.allCases)
  func `Square gives the same images from the same seed`(norm: ThreatModel.Norm) throws {
    let (budget, threat) = budget(norm)
    let square = Square(
      threat, queries: budget.queries, rescalesSchedule: budget.rescales,
      restarts: budget.restarts)
    let ours = try square(
      images, labels: labels, against: classifier, using: Generator(seed: seed))
    expectSame(ours, "smooth.\(norm).square", tolerance: 1e-6)
  }

  /// The second run starts at a random point, so that its draw is compared as well.
  @Test(arguments: ThreatModel.Norm.allCases)
  func `FAB gives the same images`(norm: ThreatModel.Norm) throws {
    let (budget, threat) = budget(norm)
    let ours = try FAB(threat, steps: budget.steps, restarts: budget.restarts)(
      images, labels: labels, against: classifier, using: Generator(seed: seed))
    expectSame(ours, "smooth.\(norm).fab", tolerance: 1e-5)
  }

  /// Catches targets in another order, one too many, and survivors that are not dropped.
  @Test(arguments: ThreatModel.Norm.allCases)
  func `targeted FAB gives the same images`(norm: ThreatModel.Norm) throws {
    let (budget, threat) = budget(norm)
    let ours = try TargetedFAB(threat, steps: budget.steps, targets: budget.targets)(
      images, labels: labels, against: classifier, using: Generator(seed: seed))
    expectSame(ours, "smooth.\(norm).fab-t", tolerance: 1e-5)
  }

  @Test(arguments: ThreatModel.Norm.allCases)
  func `FAB finds the same distances, beyond ε too`(norm: ThreatModel.Norm) throws {
    let (budget, threat) = budget(norm)
    let ours = try FAB(threat, steps: budget.steps).minimumDistances(
      images, labels: labels, against: classifier, using: Generator(seed: seed)
    ).distances
    expectClose(
      ours, file["smooth.\(norm).nearest"]!.converted(to: .float64), relative: 1e-4, absolute: 1e-6)
    #expect((ours .> threat.epsilon).sum().item() >= 3)
  }

  /// The whole suite of 20 steps and 200 queries, image by image. Random numbers differ: pyautoattack seeds each attack
  /// anew, here one generator goes through the sequence.
  @Test(arguments: ThreatModel.Norm.allCases)
  func `AutoAttack breaks the same images`(norm: ThreatModel.Norm) throws {
    let (_, threat) = budget(norm)
    let suite = AutoAttack.standard(
      threat, steps: options.standard.steps, queries: options.standard.queries)
    let ours = try suite(
      images, labels: labels, against: classifier, using: Generator(seed: seed))
    let theirs = file["smooth.\(norm).standard.predictions"]!
    let broken = zip(theirs.scalars(of: Int.self), labels.scalars(of: Int.self)).map(!=)
    #expect(fooled(classifier, ours, labels) == broken)
    #expect((3...9).contains(broken.count { $0 }))
  }

  private func expectSame(_ ours: Tensor, _ name: String, tolerance: Double) {
    let theirs = file[name]!
    #expect(difference(ours, theirs) <= tolerance, "\(name): \(difference(ours, theirs))")
    #expect(fooled(classifier, ours, labels) == fooled(classifier, theirs, labels), "\(name)")
    let moved = (theirs - images).flattened(from: 1).norm(.infinity, along: [1]) .> 0
    #expect((3...11).contains(moved.sum().item()), "\(name) compares too little")
  }
}
