using Atoll.Api.DataPlane.Connect;
using Atoll.Api.DataPlane.Messages;
using Atoll.Domain.Files;
using Atoll.Domain.Sandboxes;
using Atoll.Unit.Api;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Atoll.Unit.DataPlane;

public sealed class MessageMemoryTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    [Fact]
    public void Large_messages_are_refused_beyond_a_sandboxs_part_and_beyond_all_and_ordinary_ones_never()
    {
        var memory = new MessageMemory();
        SandboxId[] ids = [SandboxId.New(TimeProvider.System.GetUtcNow()), SandboxId.New(TimeProvider.System.GetUtcNow()), SandboxId.New(TimeProvider.System.GetUtcNow())];
        MessageMemory.Place first = memory.Begin(ids[0]);
        first.Resize(MessageMemory.MostOfOne + MessageMemory.Free);
        Refused(() => first.Resize(MessageMemory.MostOfOne + MessageMemory.Free + 1));
        Refused(() => memory.Begin(ids[0]).Resize(MessageMemory.Free + 1));
        memory.Begin(ids[0]).Resize(MessageMemory.Free);

        MessageMemory.Place second = memory.Begin(ids[1]);
        second.Resize(MessageMemory.MostOfOne);
        MessageMemory.Place third = memory.Begin(ids[2]);
        Refused(() => third.Resize(MessageMemory.MostOfOne));

        first.Resize(0);
        third.Resize(MessageMemory.MostOfOne);
        second.Dispose();
        second.Dispose();
        Assert.Throws<ObjectDisposedException>(() => second.Resize(1));
        third.Dispose();
        Assert.Equal(0, memory.Taken);
    }

    [Fact]
    public async Task A_large_message_waits_for_room_and_one_of_another_sandbox_does_not()
    {
        (RunningBox full, RunningBox other) = (await server.CreateAsync(), await server.CreateAsync());
        MessageMemory memory = server.Services.GetRequiredService<MessageMemory>();
        using MessageMemory.Place place = memory.Begin(full.Id);
        place.Resize(MessageMemory.MostOfOne + MessageMemory.Free);
        var large = new SendInputRequest { Process = new ProcessSelector { Pid = 77 }, Input = new ProcessInput { Stdin = ByteString.CopyFrom(new byte[1024 * 1024]) } };
        var small = new SendInputRequest { Process = new ProcessSelector { Pid = 77 }, Input = new ProcessInput { Stdin = ByteString.CopyFrom(1) } };

        ConnectFailure[] said =
        [
            await new ConnectClient(server, full, "proto").FailAsync("process.Process/SendInput", large),
            await new ConnectClient(server, full, "proto").FailAsync("process.Process/SendInput", small),
            await new ConnectClient(server, other, "proto").FailAsync("process.Process/SendInput", large),
        ];

        Assert.Equal(["resource_exhausted", "not_found", "not_found"], said.Select(each => each.Code));
    }

    [Fact]
    public async Task What_a_list_takes_is_given_back_when_it_was_sent()
    {
        RunningBox box = await server.CreateAsync();
        ISandboxFiles files = server.Node.Agent(box.Id).Files;
        string name = new('x', 200);
        for (int i = 0; i < 1500; i++)
        {
            await files.WriteAsync(new FilePath($"/tmp/many/{name}{i}", "root"), new FileWriting(), Stream.Null, default);
        }

        var client = new ConnectClient(server, box, "proto");
        ListDirResponse list = await client.CallAsync<ListDirResponse>("filesystem.Filesystem/ListDir", new ListDirRequest { Path = "/tmp/many" });

        Assert.Equal(1500, list.Entries.Count);
        Assert.True(list.CalculateSize() > MessageMemory.Free, "so it counts");

        // On the same connection: the reply before is over then.
        await server.CreateAsync();
        Assert.Equal(0, server.Services.GetRequiredService<MessageMemory>().Taken);
    }

    private static void Refused(Action resize) => Assert.Equal(ConnectCode.ResourceExhausted, Assert.Throws<ConnectException>(resize).Code);
}
