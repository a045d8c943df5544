using Atoll.Domain.Files;
using Atoll.Host.Agents;
using Atoll.Unit.Runtimes;
using Xunit;

namespace Atoll.Host.Files;

/// <summary>The contract of files over the real agent on this machine's kernel.</summary>
[Collection(AgentTests.Name)]
public sealed class AgentFilesTests(AgentFile file) : FilesContract, IAsyncLifetime
{
    private FilesAgent _agent = null!;

    public async Task InitializeAsync() => _agent = await FilesAgent.StartAsync(file);

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    private protected override Task<ISandboxFiles> OpenAsync() => Task.FromResult(_agent.Files);

    private protected override Task LinkAsync(string path, string target) => _agent.RunAsync($"ln -s {target} {path}");

    private protected override Task FifoAsync(string path) => _agent.RunAsync($"mkfifo {path}");
}
