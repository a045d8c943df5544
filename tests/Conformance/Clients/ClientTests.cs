using Atoll.Conformance.Servers;
using Xunit;

namespace Atoll.Conformance.Clients;

/// <summary>The real clients from npm, unmodified, against a server with real sandboxes: one test for each client and area.</summary>
[Collection(SharedServer.Name)]
public sealed class ClientTests(ServerFixture server) : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(150);
    private readonly string _certificates = Path.GetTempFileName();

    public static TheoryData<string, string> Areas { get; } = new()
    {
        { "scalebox-3.7.0", "sandboxes" },
        { "scalebox-3.7.0", "lifecycle" },
        { "scalebox-3.7.0", "commands" },
        { "scalebox-3.7.0", "files" },
        { "scalebox-3.7.0", "pty" },
        { "scalebox-3.7.0", "watch" },
        { "scalebox-3.7.0", "ports" },
        { "scalebox-3.7.0", "signed-urls" },
        { "scalebox-3.7.0", "code" },
        { "scalebox-3.7.0", "templates" },
        { "e2b-2.51.0", "sandboxes" },
        { "e2b-2.51.0", "lifecycle" },
        { "e2b-2.51.0", "commands" },
        { "e2b-2.51.0", "files" },
        { "e2b-2.51.0", "pty" },
        { "e2b-2.51.0", "watch" },
        { "e2b-2.51.0", "ports" },
        { "e2b-2.51.0", "signed-urls" },
        { "e2b-2.45.0", "sandboxes" },
        { "e2b-2.45.0", "lifecycle" },
        { "e2b-2.45.0", "commands" },
        { "e2b-2.45.0", "files" },
        { "e2b-2.45.0", "pty" },
        { "e2b-2.45.0", "watch" },
        { "e2b-2.45.0", "ports" },
        { "e2b-2.45.0", "signed-urls" },
        { "code-interpreter-2.8.0", "code" },
    };

    public async Task InitializeAsync()
    {
        Reply authority = await server.Api.GetAsync("/ca.pem");
        Assert.True(authority.Status == 200, $"GET /ca.pem: {authority.Status} {authority.Text}");
        await File.WriteAllTextAsync(_certificates, authority.Text);
    }

    public Task DisposeAsync()
    {
        File.Delete(_certificates);
        return Task.CompletedTask;
    }

    [RealMachineTheory]
    [MemberData(nameof(Areas))]
    public async Task Every_call_of_the_client_does_what_its_authors_meant(string client, string area)
    {
        string[] wanted = [.. (await NodeCases.ListAsync()).Where(one => one.Client == client && one.Area == area).Select(one => one.Name)];
        Assert.NotEmpty(wanted);

        IReadOnlyList<CaseOutcome> outcomes = await NodeCases.RunAsync(client, area, server, _certificates, Limit);

        string[] bad =
        [
            .. outcomes.Where(outcome => !outcome.Ok).Select(outcome => $"FAILED {outcome.Name}\n{outcome.Error}"),
            .. wanted.Except(outcomes.Select(outcome => outcome.Name)).Select(name => $"DID NOT RUN {name}"),
        ];
        Assert.True(bad.Length == 0, $"{bad.Length} of {wanted.Length} cases of {client}, {area}:\n\n{string.Join("\n\n", bad)}");
    }
}
