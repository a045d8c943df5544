using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Atoll.Cli.Output;

/// <summary>Command lines that a command's <c>--help</c> ends with.</summary>
internal sealed class Examples
{
    private readonly Dictionary<Command, string[]> _lines = [];

    public void Add(Command command, params string[] lines) => _lines[command] = lines;

    /// <summary>Lets the help of the whole tree show them.</summary>
    public void AddTo(RootCommand root)
    {
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new ExampleHelp(this, (SynchronousCommandLineAction)help.Action!);
    }

    private sealed class ExampleHelp(Examples examples, SynchronousCommandLineAction usual) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            int code = usual.Invoke(parseResult);
            if (examples._lines.TryGetValue(parseResult.CommandResult.Command, out string[]? lines))
            {
                TextWriter output = parseResult.InvocationConfiguration.Output;
                output.WriteLine("Examples:");
                foreach (string line in lines)
                {
                    output.WriteLine($"  {line}");
                }
                output.WriteLine();
            }
            return code;
        }
    }
}
