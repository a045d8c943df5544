using System.Reflection;
using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Storage;
using Atoll.Domain.Tenancy;
using Xunit;
using static Atoll.Domain.Sandboxes.SandboxState;

namespace Atoll.Unit.Sandboxes;

public sealed class SandboxStateMachineTests
{
    // One row a command, one cell a state. "-" refuses, "." stays, a word is the next state,
    // and after a slash stands the effect.
    private const string Table =
        """
                     | Created             | Starting            | Running             | Pausing             | Paused              | Resuming            | Forking             | Terminating | Terminated | Failed   | Error
        Start        | Starting/Launch     | -                   | -                   | -                   | -                   | -                   | -                   | -           | -          | -        | -
        Progress     | -                   | .                   | -                   | -                   | -                   | .                   | -                   | .           | -          | -        | -
        Started      | -                   | Running             | -                   | -                   | -                   | Running             | -                   | -           | -          | -        | -
        Lost         | Failed/Clean        | Failed/Clean        | Failed/Clean        | Failed/Clean        | -                   | Paused/Clean        | Failed/Clean        | -           | -          | -        | -
        Move         | .                   | .                   | .                   | .                   | .                   | .                   | .                   | -           | -          | -        | .
        AddPort      | .                   | .                   | .                   | .                   | .                   | .                   | .                   | -           | -          | -        | .
        RemovePort   | .                   | .                   | .                   | .                   | .                   | .                   | .                   | -           | -          | -        | .
        SetProject   | .                   | .                   | .                   | .                   | .                   | .                   | .                   | -           | -          | -        | .
        SetTimeout   | .                   | .                   | .                   | .                   | .                   | .                   | .                   | -           | -          | -        | .
        ChangeMounts | -                   | -                   | -                   | -                   | .                   | -                   | -                   | -           | -          | -        | -
        UseAgent     | -                   | -                   | .                   | -                   | -                   | -                   | -                   | -           | -          | -        | -
        Pause        | -                   | -                   | Pausing/Pause       | -                   | -                   | -                   | -                   | -           | -          | -        | -
        Resume       | -                   | -                   | -                   | -                   | Resuming/Restore    | .                   | -                   | -           | -          | -        | -
        Connect      | -                   | -                   | .                   | -                   | Resuming/Restore    | .                   | -                   | -           | -          | -        | -
        Capture      | -                   | -                   | Forking/Capture     | -                   | -                   | -                   | -                   | -           | -          | -        | -
        Captured     | -                   | -                   | -                   | Paused              | -                   | -                   | Running             | -           | -          | -        | -
        CaptureFailed| -                   | -                   | -                   | Running             | -                   | -                   | Running             | -           | -          | -        | -
        ResumeFailed | -                   | -                   | -                   | -                   | -                   | Paused              | -                   | -           | -          | -        | -
        Expire       | -                   | -                   | Terminating/Clean   | -                   | -                   | -                   | -                   | -           | -          | -        | -
        Idle         | -                   | -                   | Pausing/Pause       | -                   | -                   | -                   | -                   | -           | -          | -        | -
        ImageLost    | -                   | -                   | -                   | -                   | Failed/Clean        | -                   | -                   | -           | -          | -        | -
        Sweep        | -                   | -                   | -                   | -                   | ./Clean             | -                   | -                   | ./Clean     | -          | -        | -
        Terminate    | Terminating/Clean   | Terminating/Clean   | Terminating/Clean   | Terminating/Clean   | Terminating/Clean   | Terminating/Clean   | Terminating/Clean   | .           | .          | .        | Terminating/Clean
        Delete       | Terminating/Clean   | Terminating/Clean   | Terminating/Clean   | Terminating/Clean   | Terminating/Clean   | Terminating/Clean   | Terminating/Clean   | .           | ./Forget   | ./Forget | Terminating/Clean
        Cleaned      | -                   | -                   | -                   | -                   | .                   | -                   | -                   | Terminated  | .          | .        | -
        """;

    private static readonly Dictionary<string, SandboxCommand> Commands = new()
    {
        ["Start"] = new SandboxCommand.Start(),
        ["Progress"] = new SandboxCommand.Progress(SandboxPhase.Deploying),
        ["Started"] = new SandboxCommand.Started(),
        ["Lost"] = new SandboxCommand.Lost("gone"),
        ["AddPort"] = new SandboxCommand.AddPort(new PortMapping(3000, 3000, PortProtocol.Tcp, "web"), Most: 1),
        ["RemovePort"] = new SandboxCommand.RemovePort(3000),
        ["SetProject"] = new SandboxCommand.SetProject(new ProjectId("prj-other")),
        ["Move"] = new SandboxCommand.Move(20_000),
        ["Pause"] = new SandboxCommand.Pause(ImageId.New(DateTimeOffset.UnixEpoch)),
        ["Resume"] = new SandboxCommand.Resume(),
        ["Capture"] = new SandboxCommand.Capture(ImageId.New(DateTimeOffset.UnixEpoch)),
        ["Captured"] = new SandboxCommand.Captured(),
        ["CaptureFailed"] = new SandboxCommand.CaptureFailed(new Fault(FaultCode.NotCapturable, "a tunnel device")),
        ["ResumeFailed"] = new SandboxCommand.ResumeFailed(new Fault(FaultCode.NoCapacity, "no memory")),
        ["ChangeMounts"] = new SandboxCommand.ChangeMounts(new MountPatch.RemoveAll()),
        ["UseAgent"] = new SandboxCommand.UseAgent(),
        ["Connect"] = new SandboxCommand.Connect(TimeSpan.FromMinutes(1)),
        ["SetTimeout"] = new SandboxCommand.SetTimeout(TimeSpan.FromMinutes(1)),
        ["Expire"] = new SandboxCommand.Expire(),
        ["Idle"] = new SandboxCommand.Idle(),
        ["ImageLost"] = new SandboxCommand.ImageLost(ImageId.New(DateTimeOffset.UnixEpoch), "damaged"),
        ["Sweep"] = new SandboxCommand.Sweep(),
        ["Terminate"] = new SandboxCommand.Terminate(),
        ["Delete"] = new SandboxCommand.Delete(),
        ["Cleaned"] = new SandboxCommand.Cleaned(),
    };

    public static TheoryData<string, SandboxState, string> Cells()
    {
        var cells = new TheoryData<string, SandboxState, string>();
        foreach ((string command, SandboxState state, string cell) in Parse())
        {
            cells.Add(command, state, cell);
        }

        return cells;
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void A_command_does_what_the_table_says(string command, SandboxState state, string cell)
    {
        Decision decision = SandboxStateMachine.Decide(state, Commands[command]);

        string[] parts = cell.Split('/');
        Assert.Equal(parts[0] != "-", decision.Accepted);
        Assert.Equal(parts[0] is "-" or "." ? state : Enum.Parse<SandboxState>(parts[0]), decision.Next);
        Assert.Equal(parts.Length == 2 ? Enum.Parse<SandboxEffect>(parts[1]) : SandboxEffect.None, decision.Effect);
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void A_refusal_is_a_conflict_that_names_the_state(string command, SandboxState state, string cell)
    {
        Fault? refusal = SandboxStateMachine.Decide(state, Commands[command]).Refusal;

        Assert.Equal(cell == "-", refusal is not null);
        if (refusal is not null)
        {
            Assert.Equal(FaultCode.WrongState, refusal.Code);
            Assert.Contains(state.ToString().ToLowerInvariant(), refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_table_has_a_cell_for_every_state_and_every_command_there_is()
    {
        string[] members = [.. typeof(SandboxCommand).GetNestedTypes(BindingFlags.Public | BindingFlags.NonPublic)
            .Where(type => type.IsSubclassOf(typeof(SandboxCommand))).Select(type => type.Name)];
        var expected = members.SelectMany(command => Enum.GetValues<SandboxState>().Select(state => (command, state))).Order();

        Assert.Equal(expected, Parse().Select(cell => (cell.Command, cell.State)).Order());
    }

    [Fact]
    public void Nothing_leads_out_of_a_final_state()
    {
        foreach (SandboxState state in Enum.GetValues<SandboxState>().Where(state => state.IsFinal()))
        {
            Assert.All(Commands.Values, command => Assert.Equal(state, SandboxStateMachine.Decide(state, command).Next));
        }

        Assert.Equal([Terminated, Failed], Enum.GetValues<SandboxState>().Where(state => state.IsFinal()));
    }

    [Fact]
    public void A_project_change_that_wants_a_running_sandbox_is_refused_for_any_other()
    {
        SandboxState[] accepted = [.. Enum.GetValues<SandboxState>().Where(state =>
            SandboxStateMachine.Decide(state, new SandboxCommand.SetProject(new ProjectId("prj-other"), OnlyRunning: true)).Accepted)];

        Assert.Equal([Running, Forking], accepted);
    }

    private static IEnumerable<(string Command, SandboxState State, string Cell)> Parse()
    {
        string[][] rows = [.. Table.Split('\n').Select(line => line.Split('|', StringSplitOptions.TrimEntries))];
        return rows.Skip(1).SelectMany(row => row.Skip(1).Select((cell, i) => (row[0], Enum.Parse<SandboxState>(rows[0][i + 1]), cell)));
    }
}
