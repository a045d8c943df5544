using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Domain.Sandboxes;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.Sandboxes;

public sealed class CreateRulesTests
{
    private static readonly Dictionary<string, (CreateSandbox Request, FaultCode Code, string Field)> Refused = new()
    {
        ["name too long"] = (new() { Name = new string('n', 25) }, FaultCode.InvalidArgument, "name"),
        ["name not printable"] = (new() { Name = "a\nb" }, FaultCode.InvalidArgument, "name"),
        ["name of spaces"] = (new() { Name = "   " }, FaultCode.InvalidArgument, "name"),
        ["description too long"] = (new() { Description = new string('d', 1001) }, FaultCode.InvalidArgument, "description"),
        ["unknown template"] = (new() { Template = "nope" }, FaultCode.InvalidArgument, "template"),
        ["no processor"] = (new() { CpuCount = 0 }, FaultCode.InvalidArgument, "cpu_count"),
        ["too many processors"] = (new() { CpuCount = 9 }, FaultCode.InvalidArgument, "cpu_count"),
        ["too little memory"] = (new() { MemoryMb = 127 }, FaultCode.InvalidArgument, "memory_mb"),
        ["less than the template's memory"] = (new() { MemoryMb = 511 }, FaultCode.InvalidArgument, "memory_mb"),
        ["more memory than the node's"] = (new() { MemoryMb = 16385 }, FaultCode.InvalidArgument, "memory_mb"),
        ["no storage"] = (new() { StorageGb = 0 }, FaultCode.InvalidArgument, "storage_gb"),
        ["too much storage"] = (new() { StorageGb = 41 }, FaultCode.InvalidArgument, "storage_gb"),
        ["timeout too short"] = (new() { Timeout = TimeSpan.FromSeconds(0.9) }, FaultCode.InvalidArgument, "timeout"),
        ["timeout too long"] = (new() { Timeout = TimeSpan.FromSeconds(86401) }, FaultCode.InvalidArgument, "timeout"),
        ["negative timeout"] = (new() { Timeout = TimeSpan.FromSeconds(-60) }, FaultCode.InvalidArgument, "timeout"),
        ["idle timeout too short"] = (new() { IdleTimeout = TimeSpan.FromSeconds(9) }, FaultCode.InvalidArgument, "idle_timeout"),
        ["idle timeout too long"] = (new() { IdleTimeout = TimeSpan.FromSeconds(86401) }, FaultCode.InvalidArgument, "idle_timeout"),
        ["environment name with ="] = (new() { Environment = One("A=B", "") }, FaultCode.InvalidArgument, "env_vars"),
        ["environment name of a digit"] = (new() { Environment = One("1A", "") }, FaultCode.InvalidArgument, "env_vars"),
        ["environment name with a line end"] = (new() { Environment = One("A\n", "") }, FaultCode.InvalidArgument, "env_vars"),
        ["empty environment name"] = (new() { Environment = One("", "") }, FaultCode.InvalidArgument, "env_vars"),
        ["NUL in environment"] = (new() { Environment = One("A", "x\0y") }, FaultCode.InvalidArgument, "env_vars"),
        ["environment too large"] = (new() { Environment = One("A", new string('ä', 33_000)) }, FaultCode.InvalidArgument, "env_vars"),
        ["too many variables"] = (new() { Environment = Many(257) }, FaultCode.InvalidArgument, "env_vars"),
        ["metadata without name"] = (new() { Metadata = One("", "x") }, FaultCode.InvalidArgument, "metadata"),
        ["metadata too large"] = (new() { Metadata = One("k", new string('x', 65_536)) }, FaultCode.InvalidArgument, "metadata"),
        ["too much metadata"] = (new() { Metadata = Many(257) }, FaultCode.InvalidArgument, "metadata"),
        ["port 0"] = (new() { Ports = [Port(0, "a")] }, FaultCode.InvalidArgument, "custom_ports"),
        ["port 65536"] = (new() { Ports = [Port(65536, "a")] }, FaultCode.InvalidArgument, "custom_ports"),
        ["port twice"] = (new() { Ports = [Port(80, "a"), Port(80, "b")] }, FaultCode.InvalidArgument, "custom_ports"),
        ["port name twice"] = (new() { Ports = [Port(80, "a"), Port(81, "a")] }, FaultCode.InvalidArgument, "custom_ports"),
        ["port name too long"] = (new() { Ports = [Port(80, new string('p', 16))] }, FaultCode.InvalidArgument, "custom_ports"),
        ["the template's port"] = (new() { Ports = [Port(8888, "mine")] }, FaultCode.InvalidArgument, "custom_ports"),
        ["the agent's port"] = (new() { Ports = [Port(1023, "mine")] }, FaultCode.InvalidArgument, "custom_ports"),
        ["the agent's port behind another"] = (
            new() { Ports = [new(80, 1023, PortProtocol.Tcp, "mine")] }, FaultCode.InvalidArgument, "custom_ports"),
        ["unknown region"] = (new() { Locality = new(false, "moon-1", false) }, FaultCode.InvalidRegion, "locality.region"),
        ["empty region, forced"] = (new() { Locality = new(false, "eu-west", true) }, FaultCode.LocalityUnsatisfied, "locality.region"),
    };

    public static TheoryData<string> RefusedNames() => [.. Refused.Keys];

    [Theory]
    [MemberData(nameof(RefusedNames))]
    public async Task A_wrong_wish_is_refused_with_its_field_and_leaves_no_record(string name)
    {
        (CreateSandbox request, FaultCode code, string field) = Refused[name];
        await using ControlWorld world = await ControlWorld.StartAsync();

        Fault fault = await ControlWorld.FaultAsync(() => world.CreateAsync(request));

        Assert.Equal((code, field), (fault.Code, fault.Field));
        Assert.Equal(0, (await world.Sandboxes.ListAsync(world.Root, new SandboxQuery(), default)).Total);
    }

    [Fact]
    public async Task Region_faults_say_what_clients_look_for()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();

        Fault unknown = await ControlWorld.FaultAsync(() => world.CreateAsync(Refused["unknown region"].Request));
        Fault empty = await ControlWorld.FaultAsync(() => world.CreateAsync(Refused["empty region, forced"].Request));

        Assert.Contains("Invalid region 'moon-1'", unknown.Message, StringComparison.Ordinal);
        Assert.Contains("No available cluster in requested region", empty.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_left_out_comes_from_the_template_and_the_limits()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();

        Sandbox sandbox = await world.CreateAsync(new CreateSandbox());

        Assert.Equal(new SandboxResources(2, 512, 10), sandbox.Resources);
        Assert.Equal(TimeSpan.FromSeconds(300), sandbox.Timeout);
        Assert.Matches("^[a-z]+-[a-z]+$", sandbox.Name);
        Assert.InRange(sandbox.Name.Length, 1, 24);
        Assert.Equal("us-east", sandbox.Region);
        Assert.Equal([8888], sandbox.Ports.Select(port => port.Port));
    }

    [Fact]
    public async Task What_is_asked_for_at_the_bounds_is_given()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        var request = new CreateSandbox
        {
            Name = new string('n', 24), Template = "tpl-00000000000000000000", CpuCount = 8, MemoryMb = 16384, StorageGb = 40,
            Timeout = TimeSpan.FromSeconds(86400), Environment = One("_A1", new string('x', 65_000)), Metadata = Many(256),
            Ports = [Port(65535, new string('p', 15))], Locality = new Locality(false, "eu-west", false), Secure = false, AllowInternetAccess = false,
            RequestHost = "localhost:${PORT}",
        };

        Sandbox sandbox = await world.CreateAsync(request);

        Assert.Equal(SandboxState.Running, sandbox.State);
        Sandbox stored = world.Store.Find(sandbox.Id)!;
        Assert.Equal(request.Environment, stored.Environment);
        Assert.Equal(request.Metadata, stored.Metadata);
        Assert.Equal(sandbox.Ports, stored.Ports);
        Assert.Equal((false, false, "us-east"), (stored.Secure, stored.AllowInternetAccess, stored.Region));
        Assert.Equal((true, "localhost:${PORT}"), (stored.PublicTraffic, stored.RequestHost));
    }

    [Fact]
    public async Task A_sandbox_kept_from_the_public_is_stored_as_such()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync(new CreateSandbox { PublicTraffic = false });
        Assert.False(world.Store.Find(sandbox.Id)!.PublicTraffic);
    }

    [Fact]
    public async Task A_sandbox_of_somebody_else_is_not_found()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        await world.Get<Atoll.Control.Tenancy.TenancyAdmin>().EnsureUserAsync("eve");
        var key = await world.Get<Atoll.Control.Tenancy.TenancyAdmin>().CreateKeyAsync("eve", "k");
        var eve = (await world.Keys.AuthenticateAsync(key.Secret, default))!;

        Func<Task>[] attempts =
        [
            () => world.Sandboxes.GetAsync(eve, sandbox.Id, default),
            () => world.Sandboxes.TerminateAsync(eve, sandbox.Id, default),
            () => world.Sandboxes.DeleteAsync(eve, sandbox.Id, default),
            () => world.Sandboxes.SetTimeoutAsync(eve, sandbox.Id, TimeSpan.FromMinutes(10), TimeoutRule.NotBelowUsed, default),
            () => world.Executions.ActiveAsync(eve, sandbox.Id, default),
            () => world.Executions.CancelAsync(eve, sandbox.Id, default),
        ];
        foreach (Func<Task> attempt in attempts)
        {
            Assert.Equal(FaultCode.NotFound, (await ControlWorld.FaultAsync(attempt)).Code);
        }

        Assert.Equal(0, (await world.Sandboxes.ListAsync(eve, new SandboxQuery(), default)).Total);
        Assert.Equal(SandboxState.Running, (await world.Sandboxes.GetAsync(world.Root, sandbox.Id, default)).State);
    }

    private static Dictionary<string, string> One(string key, string value) => new() { [key] = value };

    private static Dictionary<string, string> Many(int count) => Enumerable.Range(0, count).ToDictionary(i => $"k{i}", i => $"{i}");

    private static PortMapping Port(int port, string name) => new(port, port, PortProtocol.Tcp, name);
}
