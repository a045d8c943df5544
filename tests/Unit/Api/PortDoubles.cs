using System.Collections.Concurrent;
using System.Threading.Channels;
using Atoll.Domain;
using Atoll.Domain.Idempotency;
using Atoll.Domain.Metrics;
using Atoll.Domain.Network;
using Atoll.Domain.Nodes;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Storage;
using Atoll.Domain.Templates;
using Atoll.Domain.Tenancy;

namespace Atoll.Unit.Api;

/// <summary>The ports that the API calls, each as little as its tests need.</summary>
internal sealed class PortDoubles
{
    public PortDoubles() => Executions = new ExecutionsDouble(Sandboxes);

    public SandboxesDouble Sandboxes { get; } = new();

    public ExecutionsDouble Executions { get; }

    public SnapshotsDouble Snapshots { get; } = new();

    public KeysDouble Keys { get; } = new();

    public TokensDouble Tokens { get; } = new();

    public static User UserNamed(string name) => new(
        new UserId("usr-" + name.PadRight(26, '0')), name, $"{name}@localhost", name, name == "ann", DateTimeOffset.UnixEpoch);
}

/// <summary>Keeps sandboxes in memory. What the last request asked for can be looked at; the next call can be made to fail.</summary>
internal sealed class SandboxesDouble : ISandboxes, ISandboxMounts, ISandboxOwners, ISandboxAgents
{
    private readonly ConcurrentDictionary<SandboxId, Sandbox> _all = new();

    public CreateSandbox? Asked { get; private set; }

    public bool AskedToWait { get; private set; }

    public SandboxQuery? Query { get; private set; }

    public TimeoutRule? Rule { get; private set; }

    /// <summary>Thrown by the next call.</summary>
    public Exception? FailWith { get; set; }

    /// <summary>Changes the next sandbox created, or those of the next fork.</summary>
    public Func<Sandbox, Sandbox> Shape { get; set; } = sandbox => sandbox;

    public Task<Sandbox> CreateAsync(Caller caller, CreateSandbox request, bool wait, CancellationToken cancellation)
    {
        Fail();
        (Asked, AskedToWait) = (request, wait);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        Sandbox sandbox = Shape(new Sandbox
        {
            Id = SandboxId.New(now),
            Owner = caller.User.Id,
            Name = request.Name ?? "made-up",
            Template = new TemplateId("tpl-0123456789"),
            TemplateName = "base",
            Resources = new SandboxResources(2, 512, 10),
            CreatedAt = now,
            UpdatedAt = now,
            Timeout = request.Timeout ?? TimeSpan.FromSeconds(300),
            State = wait ? SandboxState.Running : SandboxState.Starting,
            StartedAt = wait ? now : null,
            Metadata = request.Metadata,
            Environment = request.Environment,
            Ports = request.Ports,
            Region = "us-east",
        });
        Shape = same => same;
        _all[sandbox.Id] = sandbox;
        return Task.FromResult(sandbox);
    }

    public Task<Sandbox> GetAsync(Caller caller, SandboxId id, CancellationToken cancellation)
    {
        Fail();
        return Task.FromResult(Find(caller, id));
    }

    public Task<SandboxPage> ListAsync(Caller caller, SandboxQuery query, CancellationToken cancellation)
    {
        Fail();
        Query = query;
        Sandbox[] own = [.. _all.Values.Where(sandbox => caller.Owns(sandbox.Owner)).OrderBy(sandbox => sandbox.Id.Value)];
        return Task.FromResult(new SandboxPage([.. own.Skip(query.Offset).Take(query.Limit)], own.Length));
    }

    public Task<Sandbox> PauseAsync(Caller caller, SandboxId id, bool wait, CancellationToken cancellation) =>
        MoveAsync(caller, id, SandboxState.Running, wait ? SandboxState.Paused : SandboxState.Pausing);

    public Task<Sandbox> ResumeAsync(Caller caller, SandboxId id, TimeSpan? timeout, bool wait, CancellationToken cancellation)
    {
        ResumeTimeout = timeout;
        return MoveAsync(caller, id, SandboxState.Paused, wait ? SandboxState.Running : SandboxState.Resuming);
    }

    /// <summary>The timeout that the last resume gave; null when it gave none.</summary>
    public TimeSpan? ResumeTimeout { get; private set; }

    /// <summary>What the last fork asked for.</summary>
    public ForkSandbox? Fork { get; private set; }

    /// <summary>What the last change of mounts was.</summary>
    public MountPatch? Patch { get; private set; }

    public Task<Sandbox> ChangeAsync(Caller caller, SandboxId id, MountPatch patch, CancellationToken cancellation)
    {
        Patch = patch;
        Sandbox sandbox = Find(caller, id);
        return Task.FromResult(_all[id] = sandbox with { Mounts = patch.Apply(sandbox.Mounts) });
    }

    public Task<IReadOnlyList<Sandbox>> ForkAsync(Caller caller, SandboxId id, ForkSandbox request, CancellationToken cancellation)
    {
        Fail();
        Fork = request;
        Sandbox[] copies = [.. Enumerable.Range(0, request.Count).Select(_ => Shape(Find(caller, id) with { Id = SandboxId.New(DateTimeOffset.UtcNow) }))];
        Shape = same => same;
        foreach (Sandbox copy in copies)
        {
            _all[copy.Id] = copy;
        }

        return Task.FromResult<IReadOnlyList<Sandbox>>(copies);
    }

    /// <summary>The timeout that the last connect gave; null when it gave none.</summary>
    public TimeSpan? ConnectTimeout { get; private set; }

    public Task<Sandbox> ConnectAsync(Caller caller, SandboxId id, TimeSpan? timeout, TimeoutOrigin origin, CancellationToken cancellation)
    {
        Fail();
        ConnectTimeout = timeout;
        return Task.FromResult(Find(caller, id));
    }

    public Task<Sandbox> SetTimeoutAsync(Caller caller, SandboxId id, TimeSpan timeout, TimeoutRule rule, CancellationToken cancellation)
    {
        Fail();
        Rule = rule;
        return Task.FromResult(_all[id] = Find(caller, id) with { Timeout = timeout });
    }

    public Task<Sandbox> AddPortAsync(Caller caller, SandboxId id, PortMapping port, CancellationToken cancellation)
    {
        Fail();
        Sandbox sandbox = Find(caller, id);
        return Task.FromResult(_all[id] = sandbox with { Ports = [.. sandbox.Ports, port] });
    }

    public IDisposable Use(SandboxId id) => new MemoryStream();

    private Task<Sandbox> MoveAsync(Caller caller, SandboxId id, SandboxState from, SandboxState to)
    {
        Fail();
        Sandbox sandbox = Find(caller, id);
        return sandbox.State == from
            ? Task.FromResult(_all[id] = sandbox with { State = to })
            : throw new Fault(FaultCode.WrongState, $"a sandbox that is {sandbox.State} cannot be moved").AsException();
    }

    public Task<Sandbox> RemovePortAsync(Caller caller, SandboxId id, int port, CancellationToken cancellation)
    {
        Fail();
        Sandbox sandbox = Find(caller, id);
        return Task.FromResult(_all[id] = sandbox with { Ports = [.. sandbox.Ports.Where(each => each.Port != port)] });
    }

    public Task<Sandbox> TerminateAsync(Caller caller, SandboxId id, CancellationToken cancellation)
    {
        Sandbox sandbox = Find(caller, id);
        return Task.FromResult(sandbox.State.IsFinal()
            ? sandbox
            : _all[id] = sandbox with { State = sandbox.State is SandboxState.Terminating ? SandboxState.Terminated : SandboxState.Terminating });
    }

    public Task<Sandbox> DeleteAsync(Caller caller, SandboxId id, CancellationToken cancellation)
    {
        Sandbox sandbox = Find(caller, id);
        _all.TryRemove(id, out _);
        return Task.FromResult(sandbox);
    }

    public ValueTask<Caller?> OwnerAsync(SandboxId id, CancellationToken cancellation) => ValueTask.FromResult(
        _all.TryGetValue(id, out Sandbox? sandbox) ? new Caller(new User(sandbox.Owner, "", "", "", false, default), null) : null);

    public ValueTask<Sandbox?> FindAsync(SandboxId id, CancellationToken cancellation) => ValueTask.FromResult(_all.GetValueOrDefault(id));

    public IEnumerable<SandboxId> Live => _all.Keys.Concat(Others);

    /// <summary>What there is beside the sandboxes that tests made.</summary>
    public IReadOnlyList<SandboxId> Others { get; init; } = [];

    public SandboxId? FindByToken(string token) => null;

    public ValueTask<IAgent> AgentAsync(SandboxId id, CancellationToken cancellation) => throw new NotSupportedException();

    public Sandbox Find(Caller caller, SandboxId id) => _all.TryGetValue(id, out Sandbox? sandbox) && caller.Owns(sandbox.Owner)
        ? sandbox
        : throw Fault.NotFound("sandbox", id.Value).AsException();

    private void Fail()
    {
        if (FailWith is { } failure)
        {
            FailWith = null;
            throw failure;
        }
    }
}

/// <summary>Keeps snapshots in memory, oldest first.</summary>
internal sealed class SnapshotsDouble : ISnapshots
{
    private readonly ConcurrentQueue<Snapshot> _all = new();
    private readonly ConcurrentDictionary<SnapshotId, bool> _gone = new();

    public SnapshotQuery? Query { get; private set; }

    public Task<Snapshot> TakeAsync(Caller caller, SandboxId sandbox, string? name, CancellationToken cancellation)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        var taken = new Snapshot
        {
            Id = SnapshotId.New(now), Owner = caller.User.Id, Name = name, Image = ImageId.New(now), Sandbox = sandbox, CreatedAt = now,
            Template = new TemplateId("tpl-0123456789"), TemplateName = "base", Resources = new SandboxResources(2, 512, 10), Bytes = 1234,
        };
        _all.Enqueue(taken);
        return Task.FromResult(taken);
    }

    public Task<Snapshot> GetAsync(Caller caller, SnapshotId id, CancellationToken cancellation) =>
        Task.FromResult(Of(caller).FirstOrDefault(snapshot => snapshot.Id == id) ?? throw Fault.NotFound("snapshot", id.Value).AsException());

    public Task<SnapshotPage> ListAsync(Caller caller, SnapshotQuery query, CancellationToken cancellation)
    {
        Query = query;
        Snapshot[] found =
        [
            .. Of(caller).Reverse().Where(snapshot => (query.Sandbox is null || query.Sandbox == snapshot.Sandbox) && (query.Name ?? snapshot.Name) == snapshot.Name),
        ];
        return Task.FromResult(new SnapshotPage(
            [.. found.SkipWhile(snapshot => query.After is not null && snapshot.Id != query.After).Skip(query.After is null ? query.Offset : 1).Take(query.Limit)], found.Length));
    }

    public async Task DeleteAsync(Caller caller, SnapshotId id, CancellationToken cancellation) =>
        _gone[(await GetAsync(caller, id, cancellation)).Id] = true;

    private IEnumerable<Snapshot> Of(Caller caller) => _all.Where(snapshot => caller.Owns(snapshot.Owner) && !_gone.ContainsKey(snapshot.Id));
}

/// <summary>One run for each sandbox, whose events the test writes.</summary>
internal sealed class ExecutionsDouble(SandboxesDouble sandboxes) : IExecutions
{
    private readonly ConcurrentDictionary<SandboxId, Run> _runs = new();

    public ExecutionRequest? Asked { get; private set; }

    public Run RunOf(string id) => _runs[SandboxId.Parse(id["sbx-".Length..])];

    public Task<Execution> StartAsync(Caller caller, SandboxId id, ExecutionRequest request, CancellationToken cancellation)
    {
        sandboxes.Find(caller, id);
        if (_runs.TryGetValue(id, out Run? run) && run.IsActive)
        {
            throw new Fault(FaultCode.Busy, "a command runs already").AsException();
        }

        Asked = request;
        DateTimeOffset now = DateTimeOffset.UtcNow;
        run = new Run(new Execution(41, request.Command, request.WorkingDirectory, now, now + TimeSpan.FromHours(1)));
        _runs[id] = run;
        return Task.FromResult(run.Execution);
    }

    public Task<Execution?> ActiveAsync(Caller caller, SandboxId id, CancellationToken cancellation)
    {
        sandboxes.Find(caller, id);
        return Task.FromResult(_runs.TryGetValue(id, out Run? run) && run.IsActive ? run.Execution : null);
    }

    public Task<ExecutionStream> AttachAsync(Caller caller, SandboxId id, CancellationToken cancellation)
    {
        sandboxes.Find(caller, id);
        return _runs.TryGetValue(id, out Run? run)
            ? Task.FromResult(new ExecutionStream(run.Execution, run.ReadAsync(CancellationToken.None)))
            : throw new Fault(FaultCode.NotFound, "no command was run").AsException();
    }

    public Task<bool> CancelAsync(Caller caller, SandboxId id, CancellationToken cancellation) =>
        Task.FromResult(_runs.TryGetValue(id, out Run? run) && run.IsActive && run.End());

    /// <summary>A run. Every reader sees all of it from its start.</summary>
    internal sealed class Run(Execution execution)
    {
        private readonly List<ProcessEvent> _events = [];
        private readonly List<Channel<ProcessEvent>> _readers = [];
        private Exception? _broken;

        public Execution Execution => execution;

        public bool IsActive { get; private set; } = true;

        /// <summary>How many enumerations have been given up or have ended.</summary>
        public int Released => _released;

        private int _released;

        public void Add(ProcessEvent happened)
        {
            lock (_events)
            {
                _events.Add(happened);
                _readers.ForEach(reader => reader.Writer.TryWrite(happened));
                IsActive &= happened is not ProcessEvent.Exited;
            }
        }

        public bool End()
        {
            Add(new ProcessEvent.Exited(new ProcessExit(137, 9)));
            return true;
        }

        public void Break(Exception e)
        {
            lock (_events)
            {
                _broken = e;
                _readers.ForEach(reader => reader.Writer.TryComplete(e));
            }
        }

        public async IAsyncEnumerable<ProcessEvent> ReadAsync(
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
        {
            var channel = Channel.CreateUnbounded<ProcessEvent>();
            lock (_events)
            {
                _events.ForEach(happened => channel.Writer.TryWrite(happened));
                _readers.Add(channel);
                if (_broken is not null)
                {
                    channel.Writer.TryComplete(_broken);
                }
            }

            try
            {
                await foreach (ProcessEvent happened in channel.Reader.ReadAllAsync(cancellation))
                {
                    yield return happened;
                }
            }
            finally
            {
                Interlocked.Increment(ref _released);
            }
        }
    }
}

/// <summary>Two users with one key each, and the keys that tests make.</summary>
internal sealed class KeysDouble : IApiKeys
{
    private readonly ConcurrentDictionary<string, ApiKey> _keys = new();

    public ValueTask<Caller?> AuthenticateAsync(string secret, CancellationToken cancellation) => ValueTask.FromResult(secret switch
    {
        ApiHost.Key => new Caller(PortDoubles.UserNamed("ann"), "key-ann"),
        ApiHost.OtherKey => new Caller(PortDoubles.UserNamed("bob"), "key-bob"),
        _ => null,
    });

    public Task<NewApiKey> CreateAsync(Caller caller, string name, string description, TimeSpan? lifetime, CancellationToken cancellation)
    {
        var key = new ApiKey(
            $"key-{Ulid.New(DateTimeOffset.UtcNow)}", caller.User.Id, name, description, "sk-0123", true, DateTimeOffset.UtcNow, null);
        _keys[key.Id] = key;
        return Task.FromResult(new NewApiKey(key, "sk-0123456789"));
    }

    public Task<IReadOnlyList<ApiKey>> ListAsync(Caller caller, UserId owner, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<ApiKey>>([.. _keys.Values.Where(key => caller.Owns(key.Owner))]);

    public Task<ApiKey> GetAsync(Caller caller, string id, CancellationToken cancellation) => Task.FromResult(Find(caller, id));

    public Task<ApiKey> UpdateAsync(
        Caller caller, string id, string? name, string? description, bool? isActive, CancellationToken cancellation)
    {
        ApiKey key = Find(caller, id);
        return Task.FromResult(_keys[id] = key with
        {
            Name = name ?? key.Name,
            Description = description ?? key.Description,
            IsActive = isActive ?? key.IsActive,
        });
    }

    public Task DeleteAsync(Caller caller, string id, CancellationToken cancellation)
    {
        _keys.TryRemove(Find(caller, id).Id, out _);
        return Task.CompletedTask;
    }

    private ApiKey Find(Caller caller, string id) => _keys.TryGetValue(id, out ApiKey? key) && caller.Owns(key.Owner)
        ? key
        : throw Fault.NotFound("API key", id).AsException();
}

/// <summary>Nobody is known but who asks.</summary>
internal sealed class TenantsDouble : ITenants
{
    public User? User(UserId id) => null;

    public string ProjectName(ProjectId id) => "default";
}

/// <summary>Takes entries and forgets them.</summary>
internal sealed class AuditDouble : IAuditLog
{
    public ValueTask RecordAsync(AuditEntry entry) => ValueTask.CompletedTask;

    public Task<AuditPage> ListAsync(Caller caller, AuditFilter filter, CancellationToken cancellation) => throw new NotSupportedException();
}

internal sealed class TokensDouble : IAccessTokens
{
    public string For(SandboxId id) => $"token-{id.Value}";

    public bool Matches(SandboxId id, string token) => token == For(id);

    public string TrafficFor(SandboxId id) => $"traffic-{id.Value}";

    public bool MatchesTraffic(SandboxId id, string token) => token == TrafficFor(id);
}

internal sealed class TemplatesDouble : ITemplates, IBuiltInTemplates
{
    public Template? Find(UserId user, string nameOrId) => Find(nameOrId);

    public Template? Find(string nameOrId) => List().FirstOrDefault(template => template.Name == nameOrId || template.Id.Value == nameOrId);

    public IReadOnlyList<Template> List() =>
    [
        new Template
        {
            Id = new TemplateId("tpl-0123456789"), Name = "base", DefaultCpuCount = 2, DefaultMemoryMb = 512, CreatedAt = default,
        },
    ];
}

/// <summary>Of a node, the API reads only what it can do.</summary>
internal sealed class NodeDouble : INode
{
    public string Name => "here";

    public NodeCapabilities Capabilities => new("simulated", "us-east", 8, 8192, 100);

    public ChannelReader<SandboxLost> Lost => throw new NotSupportedException();

    public Task LaunchAsync(LaunchRequest request, Action<SandboxPhase> progress, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public Task<string?> AdoptAsync(SandboxId id, CancellationToken cancellation) => throw new NotSupportedException();

    public Task CleanAsync(SandboxId id, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<IReadOnlyList<SandboxId>> ListAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public IAgent Agent(SandboxId id) => throw new NotSupportedException();

    public Task<SandboxStats> StatsAsync(SandboxId id, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<SandboxImage> CaptureAsync(SandboxId id, ImageId image, AfterCapture after, CancellationToken cancellation) => throw new NotSupportedException();

    public SandboxImage? FindImage(ImageId image) => null;

    public IReadOnlyList<ImageId> ListImages() => [];

    public Task RemoveImageAsync(ImageId image, CancellationToken cancellation) => Task.CompletedTask;
}

/// <summary>Remembers answers while it lives.</summary>
internal sealed class RequestMemoryDouble : IRequestMemory
{
    /// <summary>A key for which the disk has no room.</summary>
    public const string FullDisk = "full disk";

    private readonly ConcurrentDictionary<(UserId, string), (string Print, RequestAnswer? Answer)> _known = new();

    public Task<RequestClaim> ClaimAsync(UserId user, string key, ReadOnlyMemory<byte> print, bool makesRoom)
    {
        if (key == FullDisk)
        {
            return makesRoom
                ? Task.FromResult<RequestClaim>(new RequestClaim.Yours(new Operation(Ulid.New(DateTimeOffset.UtcNow), IsRepeat: false)))
                : throw new Fault(FaultCode.NoCapacity, "the server's disk is full").AsException();
        }

        string said = Convert.ToHexString(print.Span);
        RequestClaim claim = _known.TryAdd((user, key), (said, null))
            ? new RequestClaim.Yours(new Operation(Ulid.New(DateTimeOffset.UtcNow), IsRepeat: false))
            : _known[(user, key)] switch
            {
                var (other, _) when other != said => new RequestClaim.OtherRequest(),
                (_, { } answer) => new RequestClaim.Answered(answer),
                _ => new RequestClaim.UnderWay(),
            };
        return Task.FromResult(claim);
    }

    public Task EndAsync(UserId user, string key, RequestAnswer? answer)
    {
        if (answer is null)
        {
            _known.TryRemove((user, key), out _);
        }
        else if (key != FullDisk)
        {
            _known[(user, key)] = (_known[(user, key)].Print, answer);
        }

        return Task.CompletedTask;
    }
}

/// <summary>Knows nothing of what sandboxes use.</summary>
internal sealed class MetricsDouble : ISandboxMetrics
{
    public Task<MetricHistory> HistoryAsync(Caller caller, SandboxId id, MetricWindow window, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public Task<IReadOnlyDictionary<SandboxId, (Sandbox Sandbox, SandboxMetric Metric)>> PresentAsync(
        Caller caller, IReadOnlyCollection<SandboxId> ids, CancellationToken cancellation) => throw new NotSupportedException();

    public SandboxTotals Totals(Caller caller) => throw new NotSupportedException();
}
