using System.Diagnostics;
using System.Text;
using Atoll.Control;
using Atoll.Control.Recovery;
using Atoll.Control.Sandboxes;
using Atoll.Control.Stores;
using Atoll.Control.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Events;
using Atoll.Domain.Files;
using Atoll.Domain.Network;
using Atoll.Domain.Nodes;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Templates;
using Atoll.Domain.Tenancy;
using Atoll.Domain.Webhooks;
using Atoll.Node.Launch;
using Atoll.Node.Runtimes.Simulated;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Atoll.Unit.Control;

/// <summary>An installation on a simulated machine under a fake clock: control can be stopped, killed and started again over the same disk.</summary>
internal sealed class ControlWorld : IAsyncDisposable
{
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _over = new();
    private readonly List<ServiceProvider> _killed = [];
    private ServiceProvider? _services;
    private string? _firstKey;

    /// <param name="dataDirectory">Removed at the end; null for a new one.</param>
    public ControlWorld(string? dataDirectory = null)
    {
        DataDirectory = dataDirectory ?? Directory.CreateTempSubdirectory("atoll-control-").FullName;
        Machine = new SimulatedMachine(Time);
        Options = new ControlOptions { DataDirectory = DataDirectory, MemoryOvercommit = 1000, StorageOvercommit = 1000 };
        Simulated = new SimulatedOptions { OnStep = (id, step, token) => OnStep(id, step, token), OnUndo = (id, step) => OnUndo(id, step) };
    }

    public string DataDirectory { get; }

    public FakeTime Time { get; } = new();

    public SimulatedMachine Machine { get; private set; }

    public ControlOptions Options { get; set; }

    public SimulatedOptions Simulated { get; set; }

    /// <summary>What each launch step does besides; a token that ends with the world is what a killed server waits on.</summary>
    public Func<SandboxId, string, CancellationToken, Task> OnStep { get; set; } = (_, _, _) => Task.CompletedTask;

    public Action<SandboxId, string> OnUndo { get; set; } = (_, _) => { };

    /// <summary>Puts something between control and the node.</summary>
    public Func<INode, INode> Between { get; set; } = node => node;

    /// <summary>Where sandboxes get local ports; null for a server that gives none.</summary>
    public ISandboxAddresses? Addresses { get; set; }

    public LaunchFaults Faults { get; set; } = LaunchFaults.None;

    public CancellationToken Over => _over.Token;

    public Caller Root { get; private set; } = null!;

    /// <summary>The secret by which <see cref="Root"/> is known; set before the first start when somebody else made it.</summary>
    public string FirstKey
    {
        get => _firstKey!;
        set => _firstKey = value;
    }

    public ISandboxes Sandboxes => Get<ISandboxes>();

    public ISnapshots Snapshots => Get<ISnapshots>();

    public ISandboxAgents Agents => Get<ISandboxAgents>();

    public IExecutions Executions => Get<IExecutions>();

    public IApiKeys Keys => Get<IApiKeys>();

    public INode Node => Get<INode>();

    public SandboxDirectory Actors => Get<SandboxDirectory>();

    public SandboxStore Store => Get<SandboxStore>();

    public static async Task<ControlWorld> StartAsync(Action<ControlWorld>? prepare = null, string? dataDirectory = null)
    {
        var world = new ControlWorld(dataDirectory);
        prepare?.Invoke(world);
        await world.StartControlAsync();
        return world;
    }

    public T Get<T>() where T : notnull => _services!.GetRequiredService<T>();

    public async Task StartControlAsync()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<TimeProvider>(Time);
        services.AddSingleton<IBuiltInTemplates>(new FakeTemplates());
        services.AddSingleton(Between(SimulatedDriver.CreateNode(
            Path.Combine(DataDirectory, "journal"), Machine, Simulated, Faults,
            new NodeCapabilities("simulated", "us-east", 8, 16384, 40), NullLoggerFactory.Instance)));
        if (Addresses is not null)
        {
            services.AddSingleton(Addresses);
        }

        services.AddSingleton<IWebhookBodies, PlainBodies>();
        services.AddAtollControl(Options);
        _services = services.BuildServiceProvider();
        await Get<ControlService>().StartAsync(CancellationToken.None).WaitAsync(Bound);
        _firstKey = await Get<TenancyAdmin>().MakeFirstKeyAsync() ?? _firstKey;
        Root = (await Keys.AuthenticateAsync(_firstKey!, CancellationToken.None))!;
    }

    /// <summary>Stops as on SIGTERM, and starts again.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await StartControlAsync();
    }

    public async Task StopAsync()
    {
        await Get<ControlService>().StopAsync(CancellationToken.None).WaitAsync(Bound);
        await _services!.DisposeAsync();
        _services = null;
    }

    /// <summary>Ends as on SIGKILL: nothing is written or undone from now on.</summary>
    public async Task KillAsync()
    {
        await Get<Database>().DisposeAsync();
        Actors.Wheel.Dispose();
        _killed.Add(_services!);
        _services = null;
    }

    /// <summary>A reboot: everything that ran is gone, the disk is not.</summary>
    public void LoseMachine() => Machine = new SimulatedMachine(Time, Machine.Images);

    public Task<Sandbox> CreateAsync(CreateSandbox? request = null, bool wait = true) =>
        Sandboxes.CreateAsync(Root, request ?? new CreateSandbox(), wait, CancellationToken.None).WaitAsync(Bound);

    public Task<Sandbox> PauseAsync(SandboxId id) => Sandboxes.PauseAsync(Root, id, wait: true, CancellationToken.None).WaitAsync(Bound);

    public Task<Sandbox> ResumeAsync(SandboxId id, TimeSpan? timeout = null) =>
        Sandboxes.ResumeAsync(Root, id, timeout, wait: true, CancellationToken.None).WaitAsync(Bound);

    public Task<Sandbox> ConnectAsync(SandboxId id, TimeSpan? timeout = null) =>
        Sandboxes.ConnectAsync(Root, id, timeout, TimeoutOrigin.PhaseStart, CancellationToken.None).WaitAsync(Bound);

    /// <summary>Waits until somebody uses the sandbox, or nobody.</summary>
    public async Task UntilUsedAsync(SandboxId id, bool used = true)
    {
        long since = Stopwatch.GetTimestamp();
        while (Get<SandboxUses>().IsUsed(id) != used)
        {
            Assert.True(Stopwatch.GetElapsedTime(since) < Bound, $"{id} is {(used ? "not " : "")}used");
            await Task.Delay(5);
        }
    }

    public Task<IReadOnlyList<Sandbox>> ForkAsync(SandboxId id, ForkSandbox request) =>
        Sandboxes.ForkAsync(Root, id, request, CancellationToken.None).WaitAsync(Bound);

    public Task<Snapshot> SnapshotAsync(SandboxId id, string? name) => Snapshots.TakeAsync(Root, id, name, CancellationToken.None).WaitAsync(Bound);

    public async Task WriteAsync(SandboxId id, string path, string text) =>
        await Node.Agent(id).Files.WriteAsync(new FilePath(path), new FileWriting(), new MemoryStream(Encoding.UTF8.GetBytes(text)), CancellationToken.None);

    public async Task<string> ReadAsync(SandboxId id, string path)
    {
        using var reader = new StreamReader((await Node.Agent(id).Files.ReadAsync(new FilePath(path), 0, null, CancellationToken.None)).Content);
        return await reader.ReadToEndAsync();
    }

    /// <summary>Waits until the machine has so many images, complete or not.</summary>
    public async Task ImagesAsync(int count)
    {
        long since = Stopwatch.GetTimestamp();
        while (Machine.Images.Count != count)
        {
            Assert.True(Stopwatch.GetElapsedTime(since) < Bound, $"there are {Machine.Images.Count} images, not {count}");
            await Task.Delay(5);
        }
    }

    /// <summary>The record once it fulfils the condition; null for one that was removed.</summary>
    public async Task<Sandbox?> UntilAsync(SandboxId id, Func<Sandbox?, bool> condition)
    {
        SandboxDirectory directory = Actors;
        long since = Stopwatch.GetTimestamp();
        Sandbox? sandbox;
        while (!condition(sandbox = directory.Read(id)))
        {
            Assert.True(Stopwatch.GetElapsedTime(since) < Bound, $"{id} stays as it is: {sandbox}");
            await Task.Delay(5);
        }

        return sandbox;
    }

    public async Task<Sandbox> UntilAsync(SandboxId id, SandboxState state) => (await UntilAsync(id, sandbox => sandbox?.State == state))!;

    /// <summary>Waits until a sandbox's actor has gone to sleep: it is over and its node is clean.</summary>
    public Task AsleepAsync(SandboxId id) => Actors.Wake(id).Ended.WaitAsync(Bound);

    /// <summary>The transitions that the store remembers of a sandbox, oldest first: from, to, who brought it about.</summary>
    public IReadOnlyList<(string? From, string To, string Cause)> EventsOf(SandboxId id) => Get<Database>().Read(connection => connection
        .Query<(string?, string, string)>(
            "select from_state, to_state, cause from events where sandbox = @id and to_state is not null order by seq", new { id = id.Value }).ToList());

    /// <summary>The reasons of those transitions.</summary>
    public IReadOnlyList<string> ReasonsOf(SandboxId id) => Get<Database>().Read(connection => connection
        .Query<string>("select reason from events where sandbox = @id and to_state is not null order by seq", new { id = id.Value }).ToList());

    /// <summary>Puts an image of nothing on the machine's disk.</summary>
    public ImageId MakeImage(SandboxId of)
    {
        ImageId id = ImageId.New(Time.GetUtcNow());
        var agent = new SimulatedAgent(new Dictionary<string, string>(), Time, TimeSpan.Zero);
        Machine.Images[id] = new SimulatedImage(new SandboxImage(id, of, 0, Time.GetUtcNow())) { Memory = agent.Remember() };
        return id;
    }

    public static async Task<Fault> FaultAsync(Func<Task> action) => (await Assert.ThrowsAsync<FaultException>(action)).Fault;

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        if (_services is not null)
        {
            await StopAsync();
        }

        foreach (ServiceProvider killed in _killed)
        {
            await killed.DisposeAsync();
        }

        Directory.Delete(DataDirectory, recursive: true);
    }

    private sealed class PlainBodies : IWebhookBodies
    {
        public byte[] Of(LoggedEvent logged) => Encoding.UTF8.GetBytes($"{{\"id\":\"{logged.Id}\",\"subject\":\"{logged.What.Subject}\"}}");
    }

    private sealed class FakeTemplates : IBuiltInTemplates
    {
        private static readonly Template Base = new()
        {
            Id = new TemplateId("tpl-00000000000000000000"), Name = "base", DefaultCpuCount = 2, DefaultMemoryMb = 512,
            CreatedAt = DateTimeOffset.UnixEpoch,
            Ports = [new(8888, 8888, Domain.Network.PortProtocol.Tcp, "agent", true)],
        };

        public Template? Find(string nameOrId) => nameOrId == Base.Name || nameOrId == Base.Id.Value ? Base : null;

        public IReadOnlyList<Template> List() => [Base];
    }
}
