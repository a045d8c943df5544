using System.Runtime.CompilerServices;
using System.Text;
using Xunit;

namespace Atoll.Conformance.Clients;

/// <summary>docs/CONFORMANCE.md says of each call what the cases assert of it, no more and no less.</summary>
public sealed class ConformanceDocumentTests
{
    private const string Introduction =
        """
        # Conformance

        What the real clients were seen to do against this server. Each line is a case that `./test conformance` runs with the
        client's unmodified package from npm, told where the server is by its environment variables alone, against gVisor sandboxes; every
        line must hold, or the run fails. "Refused" are calls that this version does not serve: the case asserts the error that the client
        raises then. What is not listed was not tried.

        This file is written by `ATOLL_REFRESH_CONTRACTS=1 dotnet test tests/Conformance --filter ConformanceDocumentTests`; a test
        compares it with the cases in `tests/Conformance/clients`.

        """;

    [Fact]
    public async Task The_document_lists_the_cases_as_they_are()
    {
        string document = Render(await NodeCases.ListAsync());
        if (Environment.GetEnvironmentVariable("ATOLL_REFRESH_CONTRACTS") == "1")
        {
            await File.WriteAllTextAsync(DocumentPath(), document);
        }

        Assert.Equal(await File.ReadAllTextAsync(DocumentPath()), document);
    }

    [Fact]
    public async Task Every_client_and_area_that_has_cases_is_run()
    {
        IReadOnlyList<ClientCase> cases = await NodeCases.ListAsync();
        Assert.Equal(
            cases.Select(one => $"{one.Client} {one.Area}").Distinct().Order(),
            ClientTests.Areas.Select(row => $"{row[0]} {row[1]}").Order());
        Assert.Equal(cases.Count, cases.DistinctBy(one => (one.Client, one.Area, one.Name)).Count());
    }

    private static string Render(IReadOnlyList<ClientCase> cases)
    {
        var text = new StringBuilder(Introduction);
        foreach (IGrouping<string, ClientCase> client in cases.GroupBy(one => one.Title))
        {
            int refused = client.Count(one => !one.Works);
            text.Append($"\n## {client.Key}\n\n{client.Count() - refused} cases pass, {refused} are refused.\n");
            text.Append("\n| area | call | what is asserted | |\n|---|---|---|---|\n");
            foreach (ClientCase one in client)
            {
                text.Append($"| {one.Area} | `{one.Call}` | {one.What.Replace("|", "\\|", StringComparison.Ordinal)} | {(one.Works ? "passes" : "refused")} |\n");
            }
        }

        return text.ToString();
    }

    private static string DocumentPath([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(here, "../../../../docs/CONFORMANCE.md"));
}
