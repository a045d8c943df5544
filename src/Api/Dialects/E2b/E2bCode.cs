using System.Buffers;
using System.Text.Json;
using Atoll.Api.DataPlane;
using Atoll.Api.DataPlane.Connect;
using Atoll.Api.Edge;
using Atoll.Api.Http;
using Atoll.Domain;
using Atoll.Domain.Code;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Atoll.Api.Dialects.E2b;

/// <summary>Runs code and keeps its contexts as E2B's code interpreter does on port 49999 (contracts/e2b.md 4).</summary>
internal sealed class E2bCode(ICodeInterpreter interpreter, E2bCodeFaults faults, ApiOptions options, TimeProvider time) : IDataPlaneRoutes
{
    private const string DefaultDirectory = "/home/user";
    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(5);

    public void Map(IEndpointRouteBuilder routes)
    {
        IEndpointRouteBuilder group = routes.MapGroup("").WithMetadata(faults).ExcludeFromDescription();
        group.MapPost("/execute", ExecuteAsync);
        IEndpointRouteBuilder contexts = group.MapGroup("").WithMetadata(new PortRoute());
        contexts.MapPost("/contexts", CreateAsync);
        contexts.MapGet("/contexts", ListAsync);
        contexts.MapDelete("/contexts/{id}", DestroyAsync);
        contexts.MapPost("/contexts/{id}/restart", RestartAsync);
    }

    private async Task ExecuteAsync(HttpContext http)
    {
        CodeRequest request = await ReadAsync(http);
        IAsyncEnumerable<byte[]> lines = KeepAlive.Between(
            ended => LinesAsync(interpreter.ExecuteAsync(Target(http).Id, request, ended)), () => E2bCodeWire.KeepAlive, KeepAliveInterval, time, http.RequestAborted);
        LineStream? reply = null;
        try
        {
            await foreach (byte[] line in lines)
            {
                reply ??= LineStream.Open(http, "application/x-ndjson", options.StalledReader, time);
                await reply.WriteAsync(line);
            }
        }
        catch (FaultException e) when (reply is not null)
        {
            // Before the first line a failure has a status; from there on it is a line.
            foreach (byte[] line in E2bCodeWire.Failure(E2bFaults.Words(http, e.Fault)))
            {
                await reply.WriteAsync(line);
            }
        }
    }

    private static async IAsyncEnumerable<byte[]> LinesAsync(IAsyncEnumerable<CodeEvent> events)
    {
        await foreach (CodeEvent happened in events)
        {
            foreach (byte[] line in E2bCodeWire.Lines(happened))
            {
                yield return line;
            }
        }
    }

    private async Task CreateAsync(HttpContext http)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: true, http.RequestAborted);
        CodeContext context = await interpreter.CreateAsync(
            Target(http).Id, body.String("language") ?? "", body.String("cwd") ?? DefaultDirectory, http.RequestAborted);
        await WriteAsync(http, json => E2bCodeWire.Write(json, context));
    }

    private async Task ListAsync(HttpContext http)
    {
        IReadOnlyList<CodeContext> contexts = await interpreter.ListAsync(Target(http).Id, http.RequestAborted);
        await WriteAsync(http, json =>
        {
            json.WriteStartArray();
            foreach (CodeContext context in contexts)
            {
                E2bCodeWire.Write(json, context);
            }

            json.WriteEndArray();
        });
    }

    private async Task DestroyAsync(HttpContext http, string id)
    {
        await interpreter.DestroyAsync(Target(http).Id, id, http.RequestAborted);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task RestartAsync(HttpContext http, string id)
    {
        await interpreter.RestartAsync(Target(http).Id, id, http.RequestAborted);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task<CodeRequest> ReadAsync(HttpContext http)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, http.RequestAborted);
        var request = new CodeRequest
        {
            Code = body.RequiredString("code"),
            Context = body.String("context_id") is { Length: > 0 } id ? id : null,
            Language = body.String("language") is { Length: > 0 } language ? language : null,
            WorkingDirectory = DefaultDirectory,
            Environment = body.StringMap("env_vars"),
        };
        return request is { Context: not null, Language: not null }
            ? throw Fault.Invalid("language", "only one of context_id and language can be given: a context has its own language").AsException()
            : request;
    }

    private static SandboxTarget Target(HttpContext http) => http.Features.Get<SandboxTarget>()!;

    private static async Task WriteAsync(HttpContext http, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json);
        }

        http.Response.ContentType = "application/json";
        http.Response.ContentLength = buffer.WrittenCount;
        await http.Response.Body.WriteAsync(buffer.WrittenMemory, http.RequestAborted);
    }
}
