import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import jdk.jshell.EvalException;
import jdk.jshell.JShell;
import jdk.jshell.Snippet;
import jdk.jshell.SnippetEvent;
import jdk.jshell.SourceCodeAnalysis.Completeness;
import jdk.jshell.UnresolvedReferenceException;
import jdk.jshell.execution.LocalExecutionControlProvider;

/**
 * Runs cells of Java in one JShell. A line on file descriptor 3 is the base64 of a cell, of names and of values of its
 * environment; an empty one interrupts the cell that runs. A line on 4 is an event's word and the base64 of its fields.
 */
public final class JavaCells {
    private static final OutputStream EVENTS = open();
    private static volatile JShell shell;
    private static volatile boolean running;

    private record Failure(String name, String message, String trace) {}

    public static void main(String[] arguments) throws Exception {
        var source = new java.io.BufferedReader(new java.io.InputStreamReader(new FileInputStream("/proc/self/fd/3"), StandardCharsets.US_ASCII));
        shell = JShell.builder().executionEngine(new LocalExecutionControlProvider(), null).out(System.out).err(System.err).build();
        for (String name : List.of("java.io.*", "java.math.*", "java.net.*", "java.nio.file.*", "java.util.*", "java.util.concurrent.*",
                "java.util.function.*", "java.util.regex.*", "java.util.stream.*")) {
            shell.eval("import " + name + ";");
        }
        var cells = new java.util.concurrent.LinkedBlockingQueue<String>();
        var reader = new Thread(() -> read(source, cells), "cells");
        reader.setDaemon(true);
        reader.start();
        while (true) {
            String[] fields = cells.take().split(" ", -1);
            running = true;
            Map<String, String> before = enter(fields);
            Failure failure = run(decode(fields[0]));
            before.forEach(JavaCells::set);
            running = false;
            System.out.flush();
            System.err.flush();
            if (failure != null) {
                say("error", failure.name(), failure.message(), failure.trace());
            }
            say("done", failure == null ? "0" : "1");
        }
    }

    private static void read(java.io.BufferedReader source, java.util.Queue<String> cells) {
        try {
            for (String line; (line = source.readLine()) != null; ) {
                if (!line.isEmpty()) {
                    cells.add(line);
                } else if (running) {
                    shell.stop();
                }
            }
        } catch (java.io.IOException e) {
            System.err.println(e);
        }
        Runtime.getRuntime().halt(0);
    }

    private static String decode(String field) {
        return new String(Base64.getDecoder().decode(field), StandardCharsets.UTF_8);
    }

    /** Sets what a cell brings and returns what was there before. */
    private static Map<String, String> enter(String[] fields) {
        var before = new HashMap<String, String>();
        for (int i = 1; i + 1 < fields.length; i += 2) {
            String name = decode(fields[i]);
            before.put(name, System.getenv(name));
            set(name, decode(fields[i + 1]));
        }
        return before;
    }

    // System.getenv reads a map that nobody may change: behind it is one that can be.
    @SuppressWarnings("unchecked")
    private static void set(String name, String value) {
        try {
            var readOnly = Class.forName("java.lang.ProcessEnvironment").getDeclaredField("theUnmodifiableEnvironment");
            readOnly.setAccessible(true);
            var inner = Class.forName("java.util.Collections$UnmodifiableMap").getDeclaredField("m");
            inner.setAccessible(true);
            var environment = (Map<String, String>) inner.get(readOnly.get(null));
            if (value == null) {
                environment.remove(name);
            } else {
                environment.put(name, value);
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Failure run(String cell) throws Exception {
        String rest = cell;
        String value = null;
        while (!rest.isBlank()) {
            var found = shell.sourceCodeAnalysis().analyzeCompletion(rest);
            if (found.completeness() == Completeness.DEFINITELY_INCOMPLETE || found.completeness() == Completeness.UNKNOWN && found.source() == null) {
                return syntax(rest);
            }
            String source = found.source() == null ? rest : found.source();
            rest = found.remaining() == null ? "" : found.remaining();
            value = null;
            for (SnippetEvent event : shell.eval(source)) {
                if (event.causeSnippet() != null) {
                    continue;
                }
                if (event.exception() != null) {
                    return thrown(event.exception());
                }
                if (event.status() == Snippet.Status.REJECTED) {
                    return rejected(event.snippet());
                }
                boolean shows = event.snippet().kind() == Snippet.Kind.EXPRESSION || event.snippet().subKind() == Snippet.SubKind.TEMP_VAR_EXPRESSION_SUBKIND;
                value = shows && event.value() != null && !event.value().isEmpty() ? event.value() : null;
            }
        }
        if (value != null) {
            say("value", value);
        }
        return null;
    }

    private static Failure syntax(String source) {
        return new Failure("CompilationError", "the code is not complete", "CompilationError: the code is not complete\n" + source);
    }

    private static Failure rejected(Snippet snippet) {
        List<String> all = shell.diagnostics(snippet).map(d -> d.getMessage(null)).collect(Collectors.toList());
        String first = all.isEmpty() ? "the code was rejected" : all.get(0).lines().findFirst().orElse("");
        return new Failure("CompilationError", first, "CompilationError: " + String.join("\n", all) + "\n" + snippet.source());
    }

    private static Failure thrown(Throwable e) {
        if (e instanceof EvalException inner) {
            String name = inner.getExceptionClassName();
            if (name.equals("java.lang.ThreadDeath")) {
                return new Failure("KeyboardInterrupt", "interrupted", "KeyboardInterrupt");
            }
            List<String> lines = new ArrayList<>(List.of(name + (inner.getMessage() == null ? "" : ": " + inner.getMessage())));
            for (StackTraceElement element : inner.getStackTrace()) {
                lines.add("\tat " + element);
            }
            return new Failure(name.substring(name.lastIndexOf('.') + 1), inner.getMessage() == null ? "" : inner.getMessage(), String.join("\n", lines));
        }
        if (e instanceof UnresolvedReferenceException unresolved) {
            return new Failure("UnresolvedReference", String.join(", ", shell.unresolvedDependencies(unresolved.getSnippet()).toList()), e.toString());
        }
        return new Failure(e.getClass().getSimpleName(), String.valueOf(e.getMessage()), e.toString());
    }

    private static synchronized void say(String word, String... fields) {
        var line = new StringBuilder(word);
        for (String field : fields) {
            line.append(' ').append(Base64.getEncoder().encodeToString(field.getBytes(StandardCharsets.UTF_8)));
        }
        try {
            EVENTS.write(line.append('\n').toString().getBytes(StandardCharsets.US_ASCII));
            EVENTS.flush();
        } catch (java.io.IOException e) {
            Runtime.getRuntime().halt(1);
        }
    }

    private static OutputStream open() {
        try {
            return new FileOutputStream("/proc/self/fd/4");
        } catch (java.io.FileNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
