import Attacks
import Datasets
import Foundation
import Spiking
import Testing
import Torch
import Training

@testable import Experiments

/// Faults planted into a trained network of spikes: each raises its flags, and the network without them none.
@Suite struct AuditJobTests {
  static func audit(
    _ loaded: LoadedNetwork, epsilon: Double = AuditedNetworks.epsilon,
    _ change: (inout AuditJob) -> Void = { _ in }
  ) throws -> AuditResults {
    var job = AuditJob(
      loaded, on: AuditedNetworks.images, epsilon: epsilon, effort: .quick)
    job.batchSize = 30
    job.plan.sampling = job.plan.sampling.map {
      RandomNoise($0.threat, ($0 as! RandomNoise).distribution, samples: 30)
    }
    job.plan.queries = [Square(job.plan.threat, queries: 100, rescalesSchedule: true)]
    change(&job)
    return try job.run()
  }

  static func raised(_ results: AuditResults) -> Set<AuditCheck> {
    Set(results.raised.map(\.check))
  }

  static func found(_ results: AuditResults) -> String {
    results.flags.map { "\($0.number) \($0.check) \($0.state) \($0.found) \($0.detail)" }
      .joined(separator: "\n")
  }

  /// Two networks without defence, at ε that the attack overcomes by and large: what it leaves is believable.
  @Test(arguments: [(NetworkRecipe.Activation.spiking, 0.15), (.relu, 0.1)])
  func `an honest network raises no flag`(
    activation: NetworkRecipe.Activation, epsilon: Double
  ) throws {
    let results = try Self.audit(AuditedNetworks.trained(activation), epsilon: epsilon)
    #expect(results.raised.isEmpty, "\(Self.found(results))")
    #expect(results.verdict.kind == .believable)
    #expect(results.clean.correct > 54, "\(results.clean)")
    let (own, worst) = (try #require(results.ownGradient), try #require(results.worstCase))
    #expect(own.correct < 40 && worst.correct <= own.correct, "\(own), \(worst)")
  }

  /// ε at which a good part of the images is left, and nothing of the plan changed. Of a spiking network another surrogate
  /// may find more than its own, and 20 steps may be too few, by an image or two that rounding in training decides: those
  /// have verdicts of their own. Nothing may speak of masked gradients or of a fault in the measurement.
  @Test(arguments: [(false, AuditedNetworks.epsilon), (true, 0.08)])
  func `the quick audit as it is masks no honest network`(
    isHardened: Bool, epsilon: Double
  ) throws {
    let loaded = isHardened ? AuditedNetworks.hardened : AuditedNetworks.honest
    let results = try AuditJob(loaded, on: AuditedNetworks.images, epsilon: epsilon).run()
    let severities = Set(results.raised.map(\.severity))
    #expect(severities.isDisjoint(with: [.masking, .measurement]), "\(Self.found(results))")
    #expect(
      Self.raised(results).isSubset(of: [.surrogateSpread, .moreSteps]), "\(Self.found(results))")
    let worst = try #require(results.worstCase)
    #expect((12...48).contains(worst.correct), "\(worst)")
  }

  /// Catches scores of single draws, which disagree from attack to attack.
  @Test func `the quick audit as it is finds an honest rate-coded network stochastic alone`() throws
  {
    let random = try AuditedNetworks.network(
      "random",
      recipe: {
        $0.normalization = nil
        $0.coding = .rate
      })
    let results = try AuditJob(
      random, on: AuditedNetworks.images.prefix(30), epsilon: 0.1
    ).run()
    #expect(Self.raised(results) == [.stochastic], "\(Self.found(results))")
  }

  /// The images that the network gets wrong say nothing of where a gradient is lost.
  @Test func `layers are followed on correct images, and not before these are checked`() throws {
    let data = AuditedNetworks.images
    let wrong = try ImageDataset(
      [
        "images": data.images(at: Array(0..<20)),
        "labels": Tensor(data.labels[0..<20].map { ($0 + 1) % 4 }),
      ], from: "memory", name: "wrong", split: .test, classes: 4)
    let job = AuditJob(AuditedNetworks.honest, on: wrong, epsilon: AuditedNetworks.epsilon)
    let results = try job.run()
    #expect(results.layers.isEmpty && results.verdict.kind == .empty)
    #expect(results.flags.first { $0.check == .blockedLayers }?.state == .notMeasured)
    let five = LabeledImages(images: data.images(at: [0]), labels: Tensor([5]))
    #expect(throws: AttackError.self) { try job.layerFlow(five) }
  }

  @Test func `logits of a thousand times the size hide the gradient of cross-entropy`() throws {
    let saturated = try AuditedNetworks.network(
      "saturated",
      weights: { weights in
        NamedTensors(
          weights.map { name, tensor in
            (name, name.hasPrefix("classifier") ? tensor * 1000 : tensor)
          })
      })
    let results = try Self.audit(saturated) { $0.views = [] }
    #expect(
      Self.raised(results).isSuperset(of: [.lossOfPrecision, .otherLoss]), "\(Self.found(results))")
    #expect(results.verdict.kind == .masked)
    #expect(try #require(results.ownGradient).correct < 55)
  }

  @Test func `a surrogate of next to no width hides the gradient, and others show it`() throws {
    let narrow = try AuditedNetworks.network(
      "narrow",
      recipe: {
        $0.neuron.surrogate = .triangle; $0.neuron.surrogateWidth = 1e-6
      })
    let results = try Self.audit(narrow)
    #expect(
      Self.raised(results).isSuperset(of: [.surrogateSpread, .zeroGradients, .blockedLayers]),
      "\(Self.found(results))")
    #expect(results.verdict.kind == .masked)
    #expect(try #require(results.worstCase).correct < #require(results.ownGradient).correct)
  }

  @Test func `membranes that stay between calls are found, and nothing is attacked then`() throws {
    let results = try Self.audit(AuditedNetworks.honest) { $0.released = .leakedState }
    #expect(Self.raised(results) == [.leakedState])
    #expect(results.verdict.kind == .invalid && results.attacks.isEmpty)
  }

  @Test func `a clamp of normalised pixels fools without any ε`() throws {
    let results = try Self.audit(AuditedNetworks.honest) {
      $0.released = .normalizedClamp
      $0.views = []
    }
    #expect(Self.raised(results).contains(.zeroBudget), "\(Self.found(results))")
    #expect(!Self.raised(results).contains(.clampedInput))
    #expect(results.verdict.kind == .invalid)
  }

  @Test func `a stochastic network is named as such, and averaged`() throws {
    let random = try AuditedNetworks.network(
      "random",
      recipe: {
        $0.normalization = nil
        $0.coding = .rate
      })
    let results = try Self.audit(random) {
      $0.plan.draws = 3
      $0.plan.sweep = []
      $0.plan.unbounded = []
      $0.views = []
    }
    let flag = try #require(results.flags.first { $0.check == .stochastic })
    #expect(flag.state == .raised)
    #expect(results.draws == 3, "\(results.draws) \(Self.found(results))")
    #expect(results.verdict.sentence.contains("the network is stochastic (flag 15)"))
  }

  @Test(arguments: [true, false])
  func `a rounded input is found`(straightThrough: Bool) throws {
    let loaded = AuditedNetworks.honest
    var subject = AuditSubject {
      let classifier = loaded.classifier()
      return { images in
        let whole =
          ((images.detached() * 7 + 0.5).converted(to: .int64)).converted(to: .float32) / 7
        return classifier(whole + (straightThrough ? images - images.detached() : images * 0))
      }
    }
    subject.surrogates = []
    let data = AuditedNetworks.images
    let batch = LabeledImages(
      images: data.images(at: Array(0..<50)), labels: Tensor(Array(data.labels[0..<50])))
    let report = try RobustnessAudit(.standard(epsilon: AuditedNetworks.epsilon, effort: .quick))(
      subject, on: [batch])
    #expect(report[.quantizedInput].isRaised, "\(report[.quantizedInput])")
    #expect(report[.zeroGradients].isRaised == !straightThrough)
    #expect(report.verdict.kind == .masked)
  }

  @Test func `a narrow layer is named`() throws {
    let silent = try AuditedNetworks.network(
      "silent",
      weights: { weights in
        NamedTensors(
          weights.map { name, tensor in (name, name == "layer2.1.bias" ? tensor * 0 - 100 : tensor)
          })
      })
    let results = try Self.audit(silent) { $0.views = [] }
    let blocked = results.layers.filter(\.isBlocked).map(\.name)
    #expect(blocked.contains("layer2.0"), "\(results.layers)")
    #expect(Self.raised(results).contains(.blockedLayers))
  }

  @Test func `every view of the quick audit is in the catalogue`() {
    #expect(AuditJob.quickViews.allSatisfy { NamedGradientView.named($0) != nil })
  }

  /// The page holds every flag, and opens without a network: nothing in it is a request.
  @Test func `the page shows every flag and loads nothing`() throws {
    let results = try Self.audit(AuditedNetworks.honest) { $0.released = .leakedState }
    let page = try results.html(vegaBundle: ReportPageTests.bundle)
    for flag in results.flags {
      #expect(page.contains("\(flag.number) \(HTML.escaped(flag.title))</th>"), "\(flag.title)")
    }
    #expect(page.contains("<mark>raised</mark>"))
    #expect(page.contains("Verdict: \(results.verdict.sentence)."))
    let addresses = page.matches(of: /https?:\/\/[^"\s]*/).map { String($0.output) }
    #expect(addresses.isEmpty, "no chart without an attack, so no schema: \(addresses)")
    #expect(try JSONDecoder().decode(AuditResults.self, from: results.json()) == results)
  }
}
