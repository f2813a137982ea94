import ArgumentParser
import Foundation
import Torch

struct Options: ParsableArguments {
  @Flag(help: "Fewer rounds and fewer settings; not the case curvature.")
  var quick = false

  @Flag(
    help: """
      Take each peer in the fastest of both memory layouts, with memory kept or returned, with --quick, too.
      """)
  var allVariants = false

  @Option(
    help: ArgumentHelp(
      "VGG-11's batch sizes in step, released, evaluation, pgd and roofline, instead of their own.",
      valueName: "n"))
  var batch: [Int] = []

  @Option(help: "How often each side is measured; a case's own choice if not given.")
  var rounds: Int?

  @Option(help: "Threads of the engine, on both sides; the engine's choice if not given.")
  var threads: Int?

  @Option(help: ArgumentHelp("Write all that was measured as JSON.", valueName: "file"))
  var json: String?

  @Option(help: ArgumentHelp("Python with the peers.", valueName: "file"))
  var python = ".deps/peers/bin/python"

  @Option(help: ArgumentHelp("Spikeguard's source folder.", valueName: "folder"))
  var root = "."

  @Option(help: "What the record says was measured, as a commit.")
  var revision: String?

  func validate() throws {
    guard rounds ?? 1 >= 1 else { throw ValidationError("--rounds must be at least 1") }
    guard batch.allSatisfy({ $0 >= 1 }) else {
      throw ValidationError("--batch must be at least 1")
    }
    guard threads ?? 1 >= 1 else { throw ValidationError("--threads must be at least 1") }
  }

  /// Runs cases; one that disagrees does not keep the others from running.
  func run(_ cases: [any BenchmarkCase.Type]) throws {
    // A process that ended is to be an error of its own, not the end of this one at the next question.
    signal(SIGPIPE, SIG_IGN)
    // As the command line does; else both sides of a case pay for fresh pages more than for their work.
    Engine.keepFreedMemory()
    if let threads { Engine.threads = threads }
    var session = Session(options: self)
    say(session.record.machine.description)
    for one in cases {
      session.record.machine.warnIfBusy()
      do { try one.run(&session) } catch {
        session.failures += 1
        say("\n\(one.name): FAILED: \(error)")
      }
    }
    session.sayTargets()
    if let json {
      let encoder = JSONEncoder()
      encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try encoder.encode(session.record).write(to: URL(fileURLWithPath: json))
      say("\nRecord: \(json)")
    }
    guard session.failures == 0 else { throw ExitCode.failure }
  }
}

/// One run of the program: its options and what it has measured so far.
struct Session {
  let options: Options
  var record: Record
  /// Cases that failed, and peers that could not be compared.
  var failures = 0

  init(options: Options) {
    self.options = options
    record = Record(
      machine: .current, revision: options.revision, quick: options.quick, threads: Engine.threads)
  }

  var quick: Bool { options.quick }

  func rounds(_ full: Int, quick: Int) -> Int { options.rounds ?? (self.quick ? quick : full) }

  /// The variants of the peers that a case looks at: all, or the one that is mostly the fastest.
  var variants: [Variant] {
    options.allVariants || !quick ? Variant.all : [.keepingMemory("channels-last")]
  }

  func batches(_ full: [Int], quick: [Int]) -> [Int] {
    options.batch.isEmpty ? (self.quick ? quick : full) : options.batch
  }

  mutating func hold(_ targets: [Target?]) { record.targets += targets.compactMap { $0 } }

  /// Each number that the project wants, beside the one that was measured.
  func sayTargets() {
    guard !record.targets.isEmpty else { return }
    say("\nTargets, ours against the best peer")
    for line in aligned([Target.header] + record.targets.map(\.row)) { say("  " + line) }
  }

  /// Prints a finished table and keeps its numbers.
  mutating func publish(_ comparison: Comparison) {
    say("\n" + comparison.table)
    record.comparisons.append(comparison)
  }
}

/// What `--json` writes.
struct Record: Codable {
  let machine: Machine
  let revision: String?
  let quick: Bool
  let threads: Int
  var comparisons: [Comparison] = []
  var rooflines: [RooflineRecord] = []
  var growths: [GrowthRecord] = []
  var targets: [Target] = []
}
