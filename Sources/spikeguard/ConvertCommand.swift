import ArgumentParser
import Experiments
import Foundation
import Torch

extension WeightNaming: ExpressibleByArgument {}

struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Reads weights from PyTorch, safetensors or a checkpoint, and writes safetensors.",
    discussion: """
      PyTorch's files (.pth, .pt) are read as tensors only: whatever else they ask for is refused by name, and \
      nothing in them is run. Checkpoints of training scripts work, too: the network's tensors are found under \
      'net', 'state_dict', 'model' and their like. Numbers are copied bit for bit, of any type.

      Names are those of the authors' release or of SpikingJelly's networks; which, the file's names tell.
      """)

  @Argument(help: "Weights: a file of torch.save, safetensors, a checkpoint or a run's folder.")
  var input: String

  @Option(help: "Where the weights go, safetensors.")
  var out: String

  @Option(help: "Names to write: release or spikingjelly.")
  var naming = WeightNaming.release

  @Option(help: "What network the weights are of. (default: told from the names)")
  var model: String?

  @Option(help: "Which dictionary of a PyTorch file, as 'ema.model'. (default: the network's)")
  var key: String?

  @OptionGroup var record: RecordOptions

  struct Record: Encodable {
    struct Weight: Encodable {
      let name: String
      let type: String
      let shape: [Int]
    }
    let input: String
    let model: String
    let found: WeightNaming
    let written: WeightNaming
    let notes: [String]
    let tensors: [Weight]
  }

  func run() throws {
    let source = RunFolder.checkpoint(at: input)
    try OutputFile.check([("--out", out), ("--json", record.json)], inputs: [source])
    let conversion = try WeightConversion(source, to: naming, model: model, key: key)
    for note in conversion.notes { Note.print(note, of: source) }
    try conversion.write(to: out)
    let tensors = conversion.tensors.map { name, tensor in
      Record.Weight(name: name, type: "\(tensor.dtype)", shape: tensor.shape)
    }
    try record.write(
      Record(
        input: source, model: conversion.model, found: conversion.found,
        written: conversion.written, notes: conversion.notes, tensors: tensors))
    var table = TextTable(["tensor", "type", "shape"])
    for tensor in tensors { table.add([tensor.name, tensor.type, "\(tensor.shape)"]) }
    print(table.text)
    print(
      "\(conversion.model): \(tensors.count) tensors, names of '\(conversion.found.rawValue)' to "
        + "'\(conversion.written.rawValue)', in \(out)")
  }
}

/// What a person should know and no program reads: a line on standard error.
enum Note {
  static func print(_ text: String, of path: String) {
    FileHandle.standardError.write(Data("note: \(path): \(text)\n".utf8))
  }
}
