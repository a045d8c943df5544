using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Sdk;

namespace Atoll.Cli.Nodes;

/// <summary><c>atoll regions</c>: where sandboxes can run.</summary>
internal static class RegionsCommand
{
    public static Command Create(CommandContext context)
    {
        Option<bool> json = new("--json") { Description = "The same as -o json" };
        Command command = new("regions", "List the regions that have room") { json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using AtollClient client = context.Connect(parsed, needsKey: false);
            IReadOnlyList<Region> regions = await client.Regions.ListAsync(cancellation).ConfigureAwait(false);
            Printer printer = parsed.GetValue(json) ? new Printer(context.Terminal.Output, OutputFormat.Json) : context.Printer(parsed);
            printer.Print(regions, types => types.IReadOnlyListRegion, output => Table.Write(
                output, ["ID", "NAME"], regions.Select(region => new[] { region.Id, region.Name })));
            return 0;
        });
        return command;
    }
}
