import Foundation
import Testing
import Torch

@testable import Attacks

@Suite struct WorstCaseEvaluationTests {
  let model = TanhModel(pixels: 6, seed: 51)
  let data: LabeledImages

  init() {
    // Mostly the model's own predictions, so that there is something to attack, and some other labels.
    let (images, random) = pictures([23, 6], classes: 3, seed: 52)
    let own = model(images).argmax(along: 1)
    data = LabeledImages(
      images: images, labels: Tensor.concatenating([own[0..<14], random[14..<23]]))
  }

  static let threat = ThreatModel.linf(0.1)
  /// Each reaches further than the one before, so that every stage finds something to do.
  static let stages = [
    AttackStage(PGD(threat, stepSize: 0.004, steps: 4, start: .image), name: "short steps"),
    AttackStage(PGD(threat, stepSize: 0.004, steps: 6, restarts: 2)),
    AttackStage(FGSM(epsilon: 0.1)),
  ]

  private func evaluation(
    _ stages: [AttackStage] = stages, seed: UInt64 = 3, batchSize: Int = 4, budget: Double? = nil
  ) -> WorstCaseEvaluation {
    WorstCaseEvaluation(
      Self.threat, stages: stages, seed: seed, batchSize: batchSize, budget: budget)
  }

  /// Catches an attacked clean error, a survivor that is skipped, an index into the chunk taken for one into the data,
  /// accuracy over the attacked images instead of all, and a second breaker taken for the first.
  @Test(arguments: [1, 4, 23, 100])
  func `each stage attacks the survivors of all before it`(batchSize: Int) throws {
    nonisolated(unsafe) var seen: [[Int]] = [[], [], []]
    let images = data.images
    let spied = Self.stages.enumerated().map { index, stage in
      AttackStage(
        Spy(stage.attack) { given in
          for row in 0..<given.size(0) {
            seen[index].append((0..<23).first { images[$0].isIdentical(to: given[row]) }!)
          }
        }, name: stage.name)
    }
    let (result, adversarial) = try evaluation(spied, batchSize: batchSize)(
      { _ in { model($0) } }, on: data)
    let labels = data.labels.scalars(of: Int.self)
    let clean = model(images).argmax(along: 1).scalars(of: Int.self)
    let after = model(adversarial).argmax(along: 1).scalars(of: Int.self)
    var alive = (0..<23).filter { clean[$0] == labels[$0] }
    #expect(result.cleanAccuracy == .wilson(successes: alive.count, trials: 23))
    #expect(alive.count > 10 && alive.count < 23)
    for (index, stage) in result.stages.enumerated() {
      #expect(seen[index] == alive)
      alive.removeAll { result.brokenBy[$0] == index }
      #expect(stage.attacked == seen[index].count && stage.isFinished)
      #expect(stage.broken == seen[index].count - alive.count && stage.broken > 0)
      #expect(stage.robustAccuracy == .wilson(successes: alive.count, trials: 23))
      #expect(stage.seconds > 0 && stage.cost.gradients > 0)
    }
    #expect(result.stages[0].name == "short steps" && result.stages[0].attack == "PGD-4")
    #expect(result.stages[0].cost.gradients == 4 * result.cleanAccuracy.successes)
    #expect(!alive.isEmpty && result.robustAccuracy.successes == alive.count)
    #expect(result.isComplete && result.draws == nil && result.fresh == nil)
    #expect(result.predictions == after)
    #expect(Self.threat.violations(of: adversarial, from: images).isEmpty)
    for image in 0..<23 {
      #expect(
        (result.brokenBy[image] != nil) == (clean[image] == labels[image] && !alive.contains(image))
      )
      if let breaker = result.brokenBy[image] {
        #expect(result.keptFrom[image] == breaker && after[image] != labels[image])
      }
      if result.keptFrom[image] == nil {
        #expect(adversarial[image].isIdentical(to: images[image]))
      }
    }
  }

  /// Catches the last stage's image kept instead of the best one's, and a candidate that is worse than the original.
  @Test func `an image that nothing broke is the nearest to an error that was found`() throws {
    let (result, adversarial) = try evaluation()({ _ in { model($0) } }, on: data)
    let labels = data.labels.scalars(of: Int.self)
    func margins(_ images: Tensor) throws -> [Double] {
      try AttackLoss.margin(model(images), data.labels).scalars(of: Double.self)
    }
    let (kept, original) = (try margins(adversarial), try margins(data.images))
    let unbroken = (0..<23).filter {
      result.brokenBy[$0] == nil && result.cleanPredictions[$0] == labels[$0]
    }
    #expect(unbroken.contains { result.keptFrom[$0] != nil })
    for image in unbroken {
      #expect(kept[image] >= original[image])
      #expect(result.keptFrom[image] == nil || kept[image] > original[image])
    }
    // Each stage alone gives no larger margin for those that it met with the same random numbers.
    let fgsm = try FGSM(epsilon: 0.1)(
      data.images, labels: data.labels, against: { model($0) }, using: Generator(seed: 0))
    for (image, margin) in try margins(fgsm).enumerated() where unbroken.contains(image) {
      #expect(kept[image] >= margin)
    }
  }

  /// Catches random numbers that depend on what was drawn before, an index that a state forgets, and survivors
  /// counted anew from a half-done stage. The state goes through JSON, as a file has it.
  @Test(arguments: 0...12)
  func `a run that is cut after any chunk ends with the same bits`(chunks: Int) throws {
    var chunksInAll = -1  // the clean scores are shown, too
    let whole = try evaluation()({ _ in { model($0) } }, on: data) { _, _ in
      chunksInAll += 1
      return true
    }
    #expect(chunksInAll < 12)
    var left = chunks
    var state: WorstCaseState?
    let cut = try evaluation()({ _ in { model($0) } }, on: data) { _, now in
      state = now
      left -= 1
      return left >= 0
    }
    #expect(cut.result.isComplete == (chunks >= chunksInAll))
    let kept = try #require(state)
    let record = try JSONDecoder().decode(
      WorstCaseState.Record.self, from: JSONEncoder().encode(kept.record))
    #expect(record == kept.record)
    let resumed = try evaluation()(
      { _ in { model($0) } }, on: data,
      from: WorstCaseState(record: record, adversarial: kept.adversarial))
    #expect(resumed.adversarial.isIdentical(to: whole.adversarial))
    let (found, expected) = (try timeless(resumed.result), try timeless(whole.result))
    #expect(found == expected)
  }

  private func timeless(_ result: WorstCaseResult) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(result), as: UTF8.self)
      .replacing(/"(clean)?[sS]econds":[0-9.e-]+/, with: "")
  }

  @Test func `a state of another evaluation is refused`() throws {
    var state: WorstCaseState?
    _ = try evaluation()({ _ in { model($0) } }, on: data) { _, now in
      state = now
      return false
    }
    let kept = try #require(state)
    let others = [
      evaluation(seed: 4), evaluation(batchSize: 5), evaluation(Array(Self.stages.prefix(2))),
      evaluation([Self.stages[1], Self.stages[0], Self.stages[2]]),
      // The same names, another step size.
      evaluation([
        AttackStage(
          PGD(Self.threat, stepSize: 0.005, steps: 4, start: .image), name: "short steps"),
        Self.stages[1], Self.stages[2],
      ]),
    ]
    for other in others {
      let error = #expect(throws: AttackError.self) {
        _ = try other({ _ in { model($0) } }, on: data, from: kept)
      }
      #expect("\(error!)".hasPrefix("state: expected one of this evaluation"))
    }
    let moved = WorstCaseState(record: kept.record, adversarial: kept.adversarial * 0)
    let error = #expect(throws: AttackError.self) {
      _ = try evaluation()({ _ in { model($0) } }, on: data, from: moved)
    }
    #expect("\(error!)".contains("damaged, or of another data set"))
  }

  /// Catches a budget that the attack's name does not tell, also of an attack within another.
  @Test func `a plan knows the settings that names leave out`() {
    func plan(_ attack: any Attack) -> WorstCaseEvaluation.Plan {
      let source = GradientSource(name: "view") { { $0 } }
      return evaluation([AttackStage(AttackThroughSource(attack, through: source))]).plan
    }
    let pairs: [(any Attack, any Attack)] = [
      (Square(Self.threat), Square(Self.threat, queries: 500)),
      (Square(Self.threat), Square(Self.threat, rescalesSchedule: true)),
      (FAB(Self.threat), FAB(Self.threat, steps: 50)),
      (TargetedFAB(Self.threat), TargetedFAB(Self.threat, targets: 3)),
      (PGD(Self.threat, stepSize: 0.1, steps: 4), PGD(Self.threat, stepSize: 0.2, steps: 4)),
    ]
    for (one, other) in pairs {
      #expect(plan(one).stages == plan(other).stages && plan(one) != plan(other))
      #expect(plan(one) == plan(one))
    }
  }

  /// Catches a limit that is looked at after a stage only, and a number that looks final.
  @Test func `a budget stops before the next chunk and says what is missing`() throws {
    let none = try evaluation(budget: 0)({ _ in { model($0) } }, on: data).result
    #expect(none.stages.allSatisfy { $0.attacked == 0 } && none.unfinishedStages.count == 3)
    #expect(none.robustAccuracy == none.cleanAccuracy && !none.isComplete)
    // Sleeps longer than the budget in its first chunk.
    let slow = AttackStage(Spy(FGSM(epsilon: 0.1)) { _ in Thread.sleep(forTimeInterval: 0.06) })
    let some = try evaluation([slow, Self.stages[1]], budget: 0.05)(
      { _ in { model($0) } }, on: data
    ).result
    #expect(some.stages[0].attacked == 4 && some.stages[1].attacked == 0)
    #expect(some.unfinishedStages == ["FGSM", "PGD-6 ×2"])
  }

  @Test func `nothing to attack is a result`() throws {
    let wrong = LabeledImages(
      images: data.images, labels: (model(data.images).argmax(along: 1) + 1).converted(to: .int64))
    let labels = Tensor(wrong.labels.scalars(of: Int.self).map { $0 % 3 })
    let result = try evaluation()(
      { _ in { model($0) } }, on: .init(images: data.images, labels: labels)
    ).result
    #expect(result.isComplete && result.robustAccuracy == .wilson(successes: 0, trials: 23))
    let empty = LabeledImages(images: data.images[0..<0], labels: data.labels[0..<0])
    let (nothing, adversarial) = try evaluation()({ _ in { model($0) } }, on: empty)
    #expect(nothing.isComplete && nothing.labels.isEmpty && adversarial.shape == [0, 6])
    let clean = try evaluation([])({ _ in { model($0) } }, on: data).result
    #expect(clean.isComplete && clean.robustAccuracy == clean.cleanAccuracy)
  }

  @Test func `settings are looked at before anything runs`() throws {
    let other = AttackStage(FGSM(epsilon: 0.2))
    let error = #expect(throws: AttackError.self) {
      _ = try evaluation(Self.stages + [other])(
        { _ in
          { _ in
            Issue.record("the classifier was asked")
            return Tensor.zeros([1, 3])
          }
        }, on: data)
    }
    #expect("\(error!)".hasPrefix("threat model of FGSM: expected L∞ 0.1, found L∞ 51/255"))
    #expect(throws: AttackError.self) {
      _ = try evaluation(batchSize: 0)({ _ in { model($0) } }, on: data)
    }
  }
}

/// An attack that shows what it is given.
struct Spy: Attack {
  let attack: any Attack
  let show: @Sendable (Tensor) -> Void

  init(_ attack: any Attack, show: @escaping @Sendable (Tensor) -> Void) {
    self.attack = attack
    self.show = show
  }

  var name: String { attack.name }
  var threat: ThreatModel { attack.threat }
  func perturb(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor {
    show(images)
    let inner = attack
    return try inner.perturb(images, labels: labels, against: &victim, using: generator)
  }
}
