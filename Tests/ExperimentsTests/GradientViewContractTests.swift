import Attacks
import Datasets
import Layers
import Models
import Spiking
import TestSupport
import Testing
import Torch

@testable import Experiments

/// What attacks promise, kept on a real spiking network through the ways that there are into it.
@Suite struct GradientViewContractTests {
  static let views = ["own", "bptr", "assg-0.85", "hart-1.0", "pdsg", "conversion-rectifier"]
  static let attacks: [any Attack] = [
    PGD(.linf(0.1), stepSize: 0.03, steps: 3, restarts: 2),
    APGD(.linf(0.1), steps: 8, restarts: 2),
    APGD(.l2(0.8), loss: .logitRatio, steps: 8, dropsFooledImages: true),
    SAPGD(.linf(0.1), steps: 8, dropsFooledImages: true),
    TargetedAPGD(.linf(0.1), steps: 4, targets: 2, dropsFooledImages: true),
  ]

  private let network = AuditedNetworks.honest
  private let images = AuditedNetworks.images.images(at: Array(0..<9))

  private func run(
    _ attack: any Attack, through source: GradientSource, seed: UInt64 = 3
  ) throws -> AttackResult {
    let classifier = network.classifier(seed: 0)
    let labels = withoutGradients { classifier(images) }.argmax(along: 1)
    let through = AttackThroughSource(attack, through: source)
    return try through.run(
      images, labels: labels, against: classifier, using: Generator(seed: seed))
  }

  /// Bounds and finiteness in scalar loops; the same again from the same source, whatever it has been through in
  /// between; weights and running statistics as they were. Catches a memory that outlives its run, rows that leave a
  /// memory, statistics that move, and an attack that a view turns into noise.
  @Test(arguments: views)
  func `attacks keep their promises through a view`(name: String) throws {
    let view = try #require(NamedGradientView.named(name))
    let source = network.source(view)
    #expect(source.remembersRows == view.isStateful)
    #expect(source.remembersRows == name.hasPrefix("assg"))
    let weights = network.network.weights.map { $0.detached().copied() }
    for attack in Self.attacks {
      let first = try run(attack, through: source)
      #expect(first.adversarial.shape == images.shape)
      let (old, new) = (
        images.scalars(of: Double.self), first.adversarial.scalars(of: Double.self)
      )
      #expect(new.allSatisfy { $0 >= 0 && $0 <= 1 })
      let moves = zip(old, new).map { abs($0 - $1) }
      let pixels = old.count / images.size(0)
      for image in 0..<images.size(0) {
        let row = moves[image * pixels..<(image + 1) * pixels]
        let size =
          attack.threat.norm == .linf
          ? row.max()! : row.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(size <= attack.threat.epsilon + 1e-5, "\(attack.name), image \(image)")
      }
      #expect(moves.max()! > 1e-3, "\(attack.name) did nothing")
      let other = try run(attack, through: source, seed: 4)
      #expect(!other.adversarial.isIdentical(to: first.adversarial), "\(attack.name)")
      let again = try run(attack, through: source)
      #expect(again.adversarial.isIdentical(to: first.adversarial), "\(attack.name)")
      #expect(again.report == first.report)
    }
    for (name, tensor) in network.network.weights {
      #expect(tensor.detached().isIdentical(to: weights[name]!), "\(name)")
    }
  }

  /// What the source is told about rows is true: in another batch size the memory forgets.
  @Test func `the memory of an adaptive view never meets another batch`() throws {
    let memory = SurrogateMemory()
    let view = GradientView(
      temporalGradient: .throughTime, rule: .adaptive(AdaptiveSharpness(), memory))
    let encoder = network.recipe.encoder
    let spiking = network.network
    for (remembers, forgets) in [(true, false), (false, true)] {
      var source = GradientSource(name: "assg") {
        spiking.classifier(encoder, gradientView: view)
      }
      source.remembersRows = remembers
      let before = memory.restarts
      _ = try run(SAPGD(.linf(0.3), steps: 20, dropsFooledImages: true), through: source)
      #expect((memory.restarts > before) == forgets)
    }
  }
}
