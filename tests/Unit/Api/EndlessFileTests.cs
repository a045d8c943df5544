using System.Reflection;
using Atoll.Api.DataPlane.Transfer;
using Atoll.Domain.Files;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Atoll.Unit.Api;

public sealed class EndlessFileTests
{
    [Fact]
    public async Task A_file_whose_size_nobody_knows_before_its_end_is_sent_to_that()
    {
        var http = new DefaultHttpContext { RequestServices = new ServiceCollection().AddLogging().BuildServiceProvider() };
        http.Request.Method = HttpMethods.Get;
        using var sent = new MemoryStream();
        http.Response.Body = sent;

        IResult reply = await FileReply.AttachmentAsync(http, DispatchProxy.Create<ISandboxFiles, Proc>(), new FilePath("/proc/x"));
        await reply.ExecuteAsync(http);

        Assert.Equal((200, null, Proc.Size), (http.Response.StatusCode, http.Response.ContentLength, sent.Length));
    }

    /// <summary>One file as an agent tells of it that could not see its end at once.</summary>
    private class Proc : DispatchProxy
    {
        public const int Size = 200_000;

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            Assert.Equal(nameof(ISandboxFiles.ReadAsync), targetMethod!.Name);
            var entry = new FileEntry { Name = "x", Path = "/proc/x", Kind = FileKind.File, Size = -1, Owner = "root", Group = "root", ModifiedAt = DateTimeOffset.UnixEpoch };
            return Task.FromResult(new FileReading(entry, new MemoryStream(new byte[Size])));
        }
    }
}
