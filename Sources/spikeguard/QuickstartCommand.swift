import ArgumentParser
import Experiments
import Foundation

struct QuickstartCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quickstart",
    abstract: "Trains two networks, attacks both and writes a report; minutes on two cores.",
    discussion: """
      Both networks are the same spiking VGG-5 with the same seed; the gradients of the second one are \
      deflated before every step. The table goes to the terminal; --out gets report.html, results.json and \
      the two checkpoints; those of an earlier quickstart are replaced.
      """)

  @Option(help: "Folder for report, results and checkpoints.")
  var out = "quickstart"

  @Option(help: "Data set: fashion-mnist, mnist, either with :FOLDER, or tensors:FILE.")
  var data = "fashion-mnist"

  @Option(help: "Epochs of training for each network.")
  var epochs: Int?

  @Option(help: "How many test images to attack.")
  var attacked: Int?

  @Option(help: "How many test images the sweep over ε uses.")
  var swept: Int?

  @Option(help: "Use only the first training images.")
  var trainLimit: Int?

  @Option(help: "Use only the first test images.")
  var testLimit: Int?

  @Option(help: "Seed of weights, order and attacks.")
  var seed: UInt64 = 0

  @Option(help: "Also write the numbers to this file, as JSON.")
  var json: String?

  func run() throws {
    let bundle = try VegaBundle.load()
    try OutputFile.check([("--json", json)])
    var quickstart = Quickstart(folder: out, data: data)
    if let epochs { quickstart.training.epochs = epochs }
    if let attacked { quickstart.attackedImages = attacked }
    if let swept { quickstart.sweptImages = swept }
    quickstart.trainLimit = trainLimit
    quickstart.testLimit = testLimit
    quickstart.training.seed = seed

    let display = ProgressDisplay()
    let results = try quickstart.run { event in
      switch event {
      case .began(let title): display.begin(title)
      case .training(let progress): display.show(progress)
      case .counted(let done, let total): display.show(done, of: total)
      case .finished(let note): display.finish(note)
      }
    }
    let page = try results.html(vegaBundle: bundle)
    try OutputFile.write(Data(page.utf8), to: out + "/report.html")
    if let json { try OutputFile.write(results.json(), to: json) }
    print(table(results))
    print(
      """

        95 % intervals are about the images; each network was trained once. PGD-10 is not the strongest
        attack known, so these are upper bounds of robustness.
        \(ProgressDisplay.duration(results.seconds)). Report: \(out)/report.html   Numbers: \(out)/results.json
      """)
  }

  private func table(_ results: QuickstartResults) -> String {
    var table = TextTable(
      ["Accuracy (95 % interval)  correct/images"] + results.networks.map(\.title))
    table.add(["clean"] + results.networks.map(\.clean.cell))
    for index in results.networks[0].attacks.indices {
      let attack = results.networks[0].attacks[index]
      table.add(
        ["\(attack.attack), ε \(PixelText.text(attack.epsilon))"]
          + results.networks.map { $0.attacks[index].score.cell })
    }
    return table.text
  }
}
